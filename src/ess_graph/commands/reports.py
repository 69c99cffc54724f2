"""``ess-graph reports``: what readers say is wrong, for the curator."""

from __future__ import annotations

import json

import click


@click.group()
def reports() -> None:
    """What readers of the site reported as wrong."""


@reports.command("list")
@click.option("--all", "everything", is_flag=True, help="Also those that are closed.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def list_reports(everything: bool, form: str) -> None:
    """List the reports that wait for the curator, the oldest first.

    Example: ess-graph reports list --format json
    """
    from ess_graph.folding import printable
    from ess_graph.reports import Queue
    from ess_graph.settings import Settings

    found = Queue(Settings.read().home).listed(everything=everything)
    if form == "json":
        click.echo(json.dumps([report.as_json() for report in found], ensure_ascii=False, indent=1))
        return
    for report in found:
        decided = "" if report.state in ("open", "closed") else f", {report.state} by {report.decisions[-1].who}"
        state = printable(decided) + (f", closed {report.closed}" if report.closed else "")
        click.echo(f"#{report.id}  {report.created}  {report.kind}{state}")
        # What strangers wrote must not drive the terminal, nor pass for a line of ours.
        lines = (
            ("page", report.page and f"/page/{report.page}"), ("fact", report.statement), ("sources", report.sources),
            ("says", report.message), ("note", report.note or ""),
        )  # fmt: skip
        for name, text in lines:
            if text:
                click.echo(f"    {name}: " + printable(text).replace("\n", "\n    | "))
    click.echo(f"({len(found)} report{'' if len(found) == 1 else 's'})", err=True)


@reports.command()
@click.argument("number", type=click.IntRange(1))
@click.option("--note", default="", help="What came of it.")
def close(number: int, note: str) -> None:
    """Take a report off the queue once it is dealt with.

    Example: ess-graph reports close 12 --note "corrected in the record of 2022"
    """
    from ess_graph.reports import Queue
    from ess_graph.settings import Settings

    Queue(Settings.read().home).close(number, note)
    click.echo(f"Report {number} is closed.")


@reports.command()
@click.argument("number", type=click.IntRange(1))
@click.argument("decision", type=click.Choice(["accepted", "rejected", "waiting"]))
@click.option("--note", default="", help="What to mend, why not, or what is waited for.")
@click.option("--who", envvar="ESS_GRAPH_WHO", help="Who decides (or ESS_GRAPH_WHO).")
def decide(number: int, decision: str, note: str, who: str | None) -> None:
    """Say what becomes of a report: accepted and rejected ones leave the queue, a waiting one stays.

    Example: ess-graph reports decide 12 accepted --who "Jeanne Martin" --note "the record of 2022 has the new title"
    """
    from ess_graph.decisions import LONGEST_NAME, LONGEST_NOTE
    from ess_graph.errors import InvalidData
    from ess_graph.reports import Queue
    from ess_graph.settings import Settings

    wrong = {
        "who": "Say who decides, with --who.",
        "note": "Say what to mend, or why not, with --note.",
        "long": f"A name has {LONGEST_NAME} characters at most, a note {LONGEST_NOTE}.",
    }
    try:
        Queue(Settings.read().home).decide(number, decision, who or "", note)
    except InvalidData as error:
        raise click.UsageError(wrong.get(str(error), str(error))) from error
    click.echo(f"Report {number} is {decision}.")
