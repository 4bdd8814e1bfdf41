"""The command line: one verb a command, wired here and written in explorer/commands."""

from __future__ import annotations

import sys

import typer

from explorer.commands import ahead, keeping, measuring, needs, privacy, running, study, text, voices, warning
from explorer.commands.console import err
from sources.errors import SourceError

app = typer.Typer(
    name="undersaid",
    help="What a market searches for but leaves unsaid.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

app.command("demo")(measuring.demo)
app.command("new")(study.new)
app.command("import")(study.import_)
app.command("sources")(study.sources)
app.command("collect")(study.collect)
app.command("forget")(privacy.forget)
app.command("prepare")(keeping.prepare)
app.command("compact")(keeping.compact)
app.command("backup")(keeping.backup)
app.command("restore")(keeping.restore)
app.command("gaps")(measuring.gaps)
app.command("voices")(voices.voices)
app.command("needs")(needs.needs)
app.command("forecast")(ahead.forecast)
app.command("impact")(ahead.impact)
app.command("report")(measuring.report)
app.command("train-tone")(text.train_tone)
app.command("alerts")(warning.alerts)
app.command("watch")(warning.watch)
app.command("app")(running.app)
app.command("doctor")(running.doctor)


def main() -> None:
    """Run a command; every error of ours is one sentence on stderr and exit code 1, a wrong command exit code 2."""
    try:
        app()
    except SourceError as error:
        _refuse(error)
    except KeyboardInterrupt:
        err.print("stopped; what was finished is kept", style="yellow")
        sys.exit(130)
    except Exception as error:
        from forecasting.errors import ForecastError  # the package takes a second to import

        if not isinstance(error, ForecastError):
            raise
        _refuse(error)


def _refuse(error: Exception) -> None:
    err.print(str(error), style="red", highlight=False, markup=False, soft_wrap=True)
    sys.exit(1)


if __name__ == "__main__":
    main()
