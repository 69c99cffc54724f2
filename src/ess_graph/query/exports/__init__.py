"""The graph in the forms that people's other programs read: spreadsheets, calendars, maps, feeds, search engines."""
