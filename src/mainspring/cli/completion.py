"""``mainspring completion``: what a shell needs to complete commands, options and applications."""

import click
from click.shell_completion import get_completion_class

from mainspring.cli.errors import failing_in_words
from mainspring.cli.options import debug_option

__all__ = ["command"]

_PROGRAM, _VARIABLE = "mainspring", "_MAINSPRING_COMPLETE"

#: What is written where, once; that of fish is a file of its own.
_LINES = {"bash": "~/.bashrc", "zsh": "~/.zshrc", "fish": "~/.config/fish/completions/mainspring.fish"}

_EPILOG = """\b
Once, for good:
  bash  echo 'eval "$(mainspring completion bash)"' >> ~/.bashrc
  zsh   echo 'eval "$(mainspring completion zsh)"' >> ~/.zshrc
  fish  mainspring completion fish > ~/.config/fish/completions/mainspring.fish
"""


@click.command("completion", epilog=_EPILOG)
@click.argument("shell", type=click.Choice(list(_LINES)))
@debug_option
def command(shell: str, debug: bool) -> None:
    """Write the script by which SHELL completes commands, options and applications. Bash is 4.4 or later."""
    with failing_in_words(debug=debug):
        found = get_completion_class(shell)
        assert found is not None  # click has these three
        # The script asks `mainspring` itself at each completion, so that it need not know the commands.
        click.echo(found(click.Command(_PROGRAM), {}, _PROGRAM, _VARIABLE).source())
