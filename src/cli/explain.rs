//! `miglab explain`.

use std::io::{self, Write};

use clap::Args;

use super::Exit;
use super::output::{Output, complain};
use super::topic::Topic;
use crate::diagnostic::{Code, Severity, help_for_unknown_code};
use crate::phrase::{did_you_mean, nearest};
use crate::report::terminal::Paint;
use crate::report::{Terminal, markdown};

/// Explain a finding: its cause, what it leads to, and the safe form
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  miglab explain                          the list of all codes
  miglab explain contract-without-expand  one of them
  miglab explain model                    what `check` proves, and how")]
pub struct ExplainArgs {
    /// The code of the finding, as `check` prints it, or `model`; without one, all codes are listed
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
    let Some(page) = page(&bare(name)) else {
        let meant = || did_you_mean(&bare(name), names()).or_else(|| with_word(&bare(name)));
        let help = help_for_unknown_code(&bare(name)).or_else(meant);
        let all = "`miglab explain` lists all codes".to_owned();
        complain(&format!("there is no code `{name}`"), Some(&help.unwrap_or(all)));
        return Ok(Exit::CouldNotRun);
    };
    out.write_all(markdown::render(page, terminal).as_bytes())?;
    Ok(Exit::Success)
}

/// The page of a code or a topic.
fn page(name: &str) -> Option<&'static str> {
    let code = name.parse::<Code>().ok().map(Code::page);
    code.or_else(|| Topic::named(name).map(|topic| topic.page))
}

/// The code in `error[in-use]`, however it is written.
fn bare(name: &str) -> String {
    let name = name.split_once('[').map_or(name, |(_, code)| code.trim_end_matches(']'));
    name.trim().to_lowercase().replace('_', "-")
}

/// The pages that have a word, or the beginning of one, in their name.
fn with_word(word: &str) -> Option<String> {
    let begins = |part: &str| part.starts_with(word) || nearest(word, [part]).is_some();
    let found = names().filter(|name| word.len() > 1 && name.split('-').any(begins));
    let found: Vec<String> = found.map(|name| format!("`{name}`")).collect();
    (!found.is_empty()).then(|| format!("did you mean {}?", alternatives(&found)))
}

/// The names of all pages.
fn names() -> impl Iterator<Item = &'static str> {
    Code::ALL.iter().map(|code| code.name()).chain(Topic::ALL.iter().map(|topic| topic.name))
}

/// `a`, `b` or `c`.
fn alternatives(names: &[String]) -> String {
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => names.concat(),
    }
}

fn list(terminal: Terminal) -> String {
    let width = names().map(str::len).max().unwrap_or(0);
    let line = |name: &str, (word, paint): (&str, Paint), summary: &str| {
        format!("{name:width$}  {}  {summary}\n", terminal.paint(word, paint))
    };
    let severity = |severity| match severity {
        Severity::Error => ("error  ", Paint::Red),
        Severity::Warning => ("warning", Paint::Yellow),
        Severity::Advice => ("advice ", Paint::Cyan),
    };
    let codes = Code::ALL.iter().map(|code| line(code.name(), severity(code.severity()), code.summary()));
    let topics = Topic::ALL.iter().map(|topic| line(topic.name, ("page   ", Paint::Bold), topic.summary));
    codes.chain(topics).collect()
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
        assert_eq!(did_you_mean("fase-order", names()).as_deref(), Some("did you mean `phase-order`?"));
        assert_eq!(did_you_mean("xyz", names()), None);
        assert_eq!(with_word("stale").as_deref(), Some("did you mean `stale-read`?"));
        assert_eq!(with_word("nope").as_deref(), None, "no word is near");
        let help = help_for_unknown_code("sync-dropped-early");
        assert_eq!(help.as_deref(), Some("the proof reports it as `stale-read` now"), "a code that is gone");
    }

    #[test]
    fn the_list_has_every_code() {
        let list = list(Terminal::plain());
        assert_eq!(list.lines().count(), Code::ALL.len() + 1, "the codes, and the page on the model");
        assert!(list.contains("in-use                    error    a removal of what a live application uses\n"));
    }
}
