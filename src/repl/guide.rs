//! What helps a person along: the commands, the pages of codes, and why a script was not opened.

use crate::diagnostic::{Code, Complaint, help_for_unknown_code};
use crate::lab::OpenError;
use crate::repl::commands::{self, COMMANDS, CommandSpec};
use crate::report::terminal::Paint;
use crate::report::{Terminal, complaint, markdown, render};
use crate::source::Source;

/// What can be typed besides commands.
const BESIDES: &str = "\
Statements and declarations are typed as in a script; a block may span several lines:
  expand add column display_name text
  table users { id integer primary key  username text }
Act as an application, or write as an operator who knows the schema:
  as v1 update users set username = 'zed' where id = 1
  as v2 select                     what `v2` reads, with what is stale marked
  select * from users where id = 1
See how an unsafe plan goes wrong, on a separate table:
  why                              all of it;  why next  event by event
A bad line changes nothing. `help COMMAND` says more; a `:` may stand before a command.
";

/// The commands, or one of them.
pub(super) fn help(about: Option<&str>, terminal: Terminal) -> Result<String, Complaint> {
    let Some(word) = about else {
        let width = COMMANDS.iter().map(|spec| head(spec).len()).filter(|width| *width < 30).max().unwrap_or(0);
        let commands: String = COMMANDS.iter().map(|spec| line(spec, width, terminal)).collect();
        return Ok(commands + "\n" + BESIDES);
    };
    let word = word.trim_start_matches(':');
    let spec = commands::find(word).ok_or_else(|| commands::unknown(word))?;
    let mut text = format!("{}\n  {}\n", terminal.paint(&head(spec), Paint::Bold), spec.summary);
    if !spec.aliases.is_empty() {
        text += &format!("  also: {}\n", spec.aliases.join(", "));
    }
    Ok(text)
}

fn head(spec: &CommandSpec) -> String {
    format!("{} {}", spec.name, spec.arguments).trim_end().to_owned()
}

fn line(spec: &CommandSpec, width: usize, terminal: Terminal) -> String {
    let head = head(spec);
    let gap =
        if head.len() > width { format!("\n{}", " ".repeat(width + 4)) } else { " ".repeat(width + 2 - head.len()) };
    format!("  {}{gap}{}\n", terminal.paint(&head, Paint::Bold), spec.summary)
}

/// The page of a code, or the list of codes.
pub(super) fn explain(name: Option<&str>, terminal: Terminal) -> Result<String, Complaint> {
    let Some(name) = name else {
        let width = Code::ALL.iter().map(|code| code.name().len()).max().unwrap_or(0);
        return Ok(Code::ALL.iter().map(|code| format!("{:width$}  {}\n", code.name(), code.summary())).collect());
    };
    // As it is printed with a finding: `error[in-use]`.
    let bare = name.split_once('[').map_or(name, |(_, code)| code.trim_end_matches(']')).to_lowercase();
    let unknown = || {
        let help = help_for_unknown_code(&bare);
        Complaint::new(format!("there is no code `{name}`"))
            .help(help.unwrap_or_else(|| "`explain` lists the codes".to_owned()))
    };
    let code: Code = bare.parse().map_err(|()| unknown())?;
    Ok(markdown::render(code.page(), terminal))
}

/// Why a script was not opened.
pub(super) fn refused(error: &OpenError, source: &Source, terminal: Terminal) -> String {
    match error {
        OpenError::Refused(diagnostics) => {
            let worst = diagnostics.iter().map(|found| found.severity).max();
            let worst = diagnostics.iter().filter(|found| Some(found.severity) == worst);
            worst.map(|found| render(found, source, terminal)).collect()
        }
        OpenError::Rows(rows) => complaint(rows, terminal),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_in_the_help() {
        let text = help(None, Terminal::plain()).unwrap();
        for spec in COMMANDS {
            assert!(text.contains(spec.summary), "{}", spec.name);
            assert!(help(Some(spec.name), Terminal::plain()).unwrap().contains(spec.summary));
        }
        assert_eq!(help(Some("stpe"), Terminal::plain()).unwrap_err().help.as_deref(), Some("did you mean `step`?"));
    }

    #[test]
    fn codes_are_explained_as_they_are_printed() {
        assert_eq!(explain(Some("error[in-use]"), Terminal::plain()), explain(Some("in-use"), Terminal::plain()));
        let unknown = explain(Some("in-us"), Terminal::plain()).unwrap_err();
        assert_eq!(unknown.help.as_deref(), Some("did you mean `in-use`?"));
    }
}
