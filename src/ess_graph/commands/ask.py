"""``ess-graph ask``: the questions of the site on the command line, from the same files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from ess_graph.errors import NotFound

if TYPE_CHECKING:
    from ess_graph.query.answers import Writer
    from ess_graph.query.asking import Choice
    from ess_graph.query.questions import Question


class Options(click.Command):
    """Takes ``--name value`` for the parameters of whichever question is asked, beside ``--param name=value``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Turn options that are not the command's own into ``--param``."""
        own = {option for param in self.params for option in param.opts} | {"--help", "-h"}
        turned: list[str] = []
        waiting = False
        for argument in args:
            name, joined, value = argument.partition("=")
            if name.startswith("--") and len(name) > 2 and name not in own:
                turned += ["--param", f"{name[2:]}={value}"]
                waiting = not joined
            elif waiting and not argument.startswith("--"):
                turned[-1] += argument
                waiting = False
            else:
                turned.append(argument)
                waiting = False
        return super().parse_args(ctx, turned)


@click.command(cls=Options)
@click.argument("name", required=False)
@click.option("--param", "params", multiple=True, metavar="NAME=VALUE", help="A value; NAME= alone leaves it open.")
@click.option("--choices", "listing", is_flag=True, help="List what can be chosen instead of answering.")
@click.option(
    "--format", "form", type=click.Choice(["table", "csv", "json", "sparql"]), default="table", show_default=True,
    help="sparql: the query, not its answer.",
)  # fmt: skip
@click.option("--lang", type=click.Choice(["fr", "en"]), default="fr", show_default=True)
def ask(name: str | None, params: tuple[str, ...], listing: bool, form: str, lang: str) -> None:
    """Ask a question in plain words of the current release; without NAME, list the questions.

    A value is the name of a thing, the end of its IRI, or its whole IRI; --collectivite VALUE is short for
    --param collectivite=VALUE. A parameter that is left out has its default.

    Example: ess-graph ask budget-ess --collectivite "Région Grand Est" --format csv
    """
    from ess_graph.query import questions

    if name is None:
        _list(questions.all(), lang, as_json=form == "json")
        return
    question = questions.named(name)
    if question is None:
        raise NotFound(f"There is no question « {name} »: « ess-graph ask » lists them.")
    from ess_graph import releases
    from ess_graph.engine.local import LocalBackend
    from ess_graph.outgoing import Outgoing
    from ess_graph.query import asking
    from ess_graph.query.answers import Writer
    from ess_graph.query.index import Index
    from ess_graph.settings import Settings

    settings = Settings.read()
    release = releases.current(settings.home)
    engine, index = LocalBackend().open(release.store), Index(release.index)
    offered = asking.choices(question, lang, engine, index)
    if listing:
        _choices(question, offered, lang)
        return
    values = asking.given(question, _pairs(params), offered)
    if form == "sparql":
        click.echo(question.text(values))
        return
    answer = asking.ask(question, values, engine, Outgoing(settings.service_allow), settings.query_timeout)
    _write(Writer.over(question, answer, lang, index, lambda iri: iri, lambda _: None), form)


def _pairs(params: tuple[str, ...]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for param in params:
        name, sign, value = param.partition("=")
        if not sign:
            raise click.UsageError(f"--param {param} names no value: write --param {name}=VALUE.")
        pairs[name] = value
    return pairs


def _list(questions: tuple[Question, ...], lang: str, *, as_json: bool) -> None:
    if as_json:
        from ess_graph.query.answers import described

        click.echo(json.dumps([described(q, lang) for q in questions], ensure_ascii=False, indent=1))
        return
    width = max(len(q.name) for q in questions)
    theme = None
    for question in sorted(questions, key=lambda q: (q.theme.titles[lang], q.order)):
        if question.theme != theme:
            theme = question.theme
            click.echo(f"{theme.titles[lang]}")
        takes = " ".join(f"--{p.name}" for p in question.parameters)
        asks = f"  ({', '.join(question.requires)})" if question.requires else ""
        click.echo(f"  {question.name.ljust(width)}  {question.title(lang)}{f'  [{takes}]' if takes else ''}{asks}")


def _choices(question: Question, offered: dict[str, list[Choice]], lang: str) -> None:
    for parameter in question.parameters:
        click.echo(f"--{parameter.name}: {parameter.titles[lang]}. {parameter.descriptions[lang]}")
        for choice in offered.get(parameter.name, []):
            click.echo(f"  {choice.label}  ({choice.value})")


def _write(writer: Writer, form: str) -> None:
    if form == "json":
        click.echo(json.dumps(writer.json(), ensure_ascii=False, indent=1))
    elif form == "csv":
        from ess_graph.query.exports import cells

        click.echo(b"".join(cells.written(writer.records(cells.STANDARD), cells.STANDARD)), nl=False)
    else:
        from ess_graph.query.tables import columns

        click.echo(f"{writer.title}\n")
        click.echo(columns(*writer.plain()))
