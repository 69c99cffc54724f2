"""The WSGI entry point: any WSGI server can run ``app:application``."""

from ess_graph.settings import Settings
from ess_graph.web.app import create_app

application = create_app(Settings.read())
