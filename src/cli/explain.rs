//! `miglab explain`.

use std::io::{self, Write};

use clap::Args;

use super::Exit;
use super::output::{Output, complain};
use crate::diagnostic::{Code, Severity};
use crate::report::terminal::Paint;
use crate::report::{Terminal, markdown};

/// Explain a finding: its cause, what it leads to, and the safe form
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  miglab explain                          the list of all codes
  miglab explain contract-without-expand  one of them")]
pub struct ExplainArgs {
    /// The code of the finding, as `check` prints it; without one, all codes are listed
    code: Option<String>,
}

/// Writes the page of a code, or the list of codes.
///
/// # Errors
/// Writing to `out` failed.
pub fn execute(args: &ExplainArgs, out: &mut Output) -> io::Result<Exit> {
    let terminal = Terminal::stdout();
    let Some(name) = &args.code else {
        out.write_all(list(terminal).as_bytes())?;
        return Ok(Exit::Success);
    };
    let Ok(code) = bare(name).parse::<Code>() else {
        let help = near(&bare(name)).map(|code| format!("did you mean `{code}`?"));
        let all = "`miglab explain` lists all codes".to_owned();
        complain(&format!("there is no code `{name}`"), Some(&help.unwrap_or(all)));
        return Ok(Exit::CouldNotRun);
    };
    out.write_all(markdown::render(code.page(), terminal).as_bytes())?;
    Ok(Exit::Success)
}

/// The code in `error[in-use]`, however it is written.
fn bare(name: &str) -> String {
    let name = name.split_once('[').map_or(name, |(_, code)| code.trim_end_matches(']'));
    name.trim().to_lowercase().replace('_', "-")
}

fn near(name: &str) -> Option<Code> {
    let scored = Code::ALL.iter().map(|code| (strsim::jaro_winkler(name, code.name()), *code));
    scored.filter(|(score, _)| *score > 0.75).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, code)| code)
}

fn list(terminal: Terminal) -> String {
    let width = Code::ALL.iter().map(|code| code.name().len()).max().unwrap_or(0);
    let line = |code: &Code| {
        let (word, paint) = match code.severity() {
            Severity::Error => ("error  ", Paint::Red),
            Severity::Warning => ("warning", Paint::Yellow),
            Severity::Advice => ("advice ", Paint::Cyan),
        };
        format!("{:width$}  {}  {}\n", code.name(), terminal.paint(word, paint), code.summary())
    };
    Code::ALL.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_found_as_they_are_printed() {
        assert_eq!(bare("error[In-Use]"), "in-use");
        assert_eq!(bare("phase_order"), "phase-order");
    }

    #[test]
    fn near_codes_are_found() {
        assert_eq!(near("fase-order"), Some(Code::PhaseOrder));
        assert_eq!(near("xyz"), None);
    }

    #[test]
    fn the_list_has_every_code() {
        let list = list(Terminal::plain());
        assert_eq!(list.lines().count(), Code::ALL.len());
        assert!(list.contains("in-use                    error    a removal of what a live application uses\n"));
    }
}
