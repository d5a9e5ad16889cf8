//! The commands of a session. Parsing, help and completion all read this one table.

use std::path::PathBuf;

use crate::ast::Phase;
use crate::diagnostic::Complaint;
use crate::phrase::did_you_mean;

/// A command as people know it.
#[derive(Clone, Copy, Debug)]
pub struct CommandSpec {
    /// Its name.
    pub name: &'static str,
    /// Other words for it.
    pub aliases: &'static [&'static str],
    /// What may follow, as help writes it; empty where nothing may.
    pub arguments: &'static str,
    /// What it does, in one line.
    pub summary: &'static str,
    /// What TAB offers after it.
    pub completes: Completes,
    read: fn(&str) -> Result<Command, Complaint>,
}

/// What may follow a command, for completion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completes {
    /// Nothing that a list could offer.
    Nothing,
    /// The word `next`.
    Next,
    /// Phases.
    Phases,
    /// Tables.
    Tables,
    /// Codes of diagnostics.
    Codes,
    /// Files.
    Files,
    /// Commands.
    Commands,
}

/// A command with its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// The next statements, as many.
    Step(usize),
    /// Back before the last statements, as many.
    Back(usize),
    /// On to an end.
    Run(Until),
    /// Undo everything by inverse statements.
    Rollback,
    /// Back to the start.
    Restart,
    /// Another script.
    Load(Option<PathBuf>),
    /// The plan with the position in it.
    Plan,
    /// The rows of a table, or of all.
    Table(Option<String>),
    /// The schema.
    Schema,
    /// What has happened.
    History,
    /// The applications.
    Apps,
    /// The syncs in force.
    Syncs,
    /// The findings.
    Check,
    /// What the proof finds wrong, played.
    Why(Why),
    /// The page of a code, or the list of codes.
    Explain(Option<String>),
    /// The script to a file.
    Save(Option<PathBuf>),
    /// The commands, or one of them.
    Help(Option<String>),
    /// The end.
    Quit,
}

/// Which counterexample, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Why {
    /// Its number, from 1; the first one, or the one under way, without it.
    pub number: Option<usize>,
    /// Only its next event, instead of all.
    pub next: bool,
}

/// How far a `run` goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// To the end.
    End,
    /// To the end of a phase.
    Phase(Phase),
    /// To the end of a statement, counted from 1.
    Statement(usize),
}

/// Every command, in the order of help.
pub const COMMANDS: &[CommandSpec] = &[
    CommandSpec {
        name: "step",
        aliases: &["s", "next", "n"],
        arguments: "[N]",
        summary: "do the next statement, or the next N",
        completes: Completes::Nothing,
        read: |rest| Ok(Command::Step(count("step", rest)?)),
    },
    CommandSpec {
        name: "back",
        aliases: &["b", "undo"],
        arguments: "[N]",
        summary: "go back before the last statement, or the last N; writes since then, and statements typed since \
                  then, go too",
        completes: Completes::Nothing,
        read: |rest| Ok(Command::Back(count("back", rest)?)),
    },
    CommandSpec {
        name: "run",
        aliases: &["r", "go"],
        arguments: "[expand | migrate | contract | STATEMENT]",
        summary: "go on to the end of a phase, of a statement by its number, or of the plan",
        completes: Completes::Phases,
        read: |rest| Ok(Command::Run(until(rest)?)),
    },
    CommandSpec {
        name: "rollback",
        aliases: &[],
        arguments: "",
        summary: "undo every statement by its inverse; what applications have written stays",
        completes: Completes::Nothing,
        read: |rest| alone("rollback", rest, Command::Rollback),
    },
    CommandSpec {
        name: "restart",
        aliases: &[],
        arguments: "",
        summary: "go back to the start; the script keeps what was typed",
        completes: Completes::Nothing,
        read: |rest| alone("restart", rest, Command::Restart),
    },
    CommandSpec {
        name: "load",
        aliases: &["open"],
        arguments: "[FILE]",
        summary: "open a script, or the same again from its file",
        completes: Completes::Files,
        read: |rest| Ok(Command::Load(path(rest))),
    },
    CommandSpec {
        name: "plan",
        aliases: &["p"],
        arguments: "",
        summary: "show the statements, and which is next",
        completes: Completes::Nothing,
        read: |rest| alone("plan", rest, Command::Plan),
    },
    CommandSpec {
        name: "table",
        aliases: &["t", "show"],
        arguments: "[NAME]",
        summary: "show the rows of a table, or of all",
        completes: Completes::Tables,
        read: |rest| Ok(Command::Table(optional(rest))),
    },
    CommandSpec {
        name: "schema",
        aliases: &[],
        arguments: "",
        summary: "show tables, columns, constraints and indexes as they are now",
        completes: Completes::Nothing,
        read: |rest| alone("schema", rest, Command::Schema),
    },
    CommandSpec {
        name: "history",
        aliases: &[],
        arguments: "",
        summary: "show what has happened",
        completes: Completes::Nothing,
        read: |rest| alone("history", rest, Command::History),
    },
    CommandSpec {
        name: "apps",
        aliases: &["a"],
        arguments: "",
        summary: "show what each application uses, and whether it works now",
        completes: Completes::Nothing,
        read: |rest| alone("apps", rest, Command::Apps),
    },
    CommandSpec {
        name: "syncs",
        aliases: &[],
        arguments: "",
        summary: "show which columns follow which",
        completes: Completes::Nothing,
        read: |rest| alone("syncs", rest, Command::Syncs),
    },
    CommandSpec {
        name: "check",
        aliases: &[],
        arguments: "",
        summary: "show the findings in the script as it stands",
        completes: Completes::Nothing,
        read: |rest| alone("check", rest, Command::Check),
    },
    CommandSpec {
        name: "why",
        aliases: &["w"],
        arguments: "[N] [next]",
        summary: "say whether the plan is safe; if not, play counterexample N, or only its next event",
        completes: Completes::Next,
        read: |rest| Ok(Command::Why(why(rest)?)),
    },
    CommandSpec {
        name: "explain",
        aliases: &[],
        arguments: "[CODE]",
        summary: "explain a finding, or list the codes",
        completes: Completes::Codes,
        read: |rest| Ok(Command::Explain(optional(rest))),
    },
    CommandSpec {
        name: "save",
        aliases: &[],
        arguments: "[FILE]",
        summary: "write the script with what was typed, by default to its own file",
        completes: Completes::Files,
        read: |rest| Ok(Command::Save(path(rest))),
    },
    CommandSpec {
        name: "help",
        aliases: &["h", "?"],
        arguments: "[COMMAND]",
        summary: "show this, or more about a command",
        completes: Completes::Commands,
        read: |rest| Ok(Command::Help(optional(rest))),
    },
    CommandSpec {
        name: "quit",
        aliases: &["q", "exit"],
        arguments: "",
        summary: "leave (so does Ctrl-D)",
        completes: Completes::Nothing,
        read: |rest| alone("quit", rest, Command::Quit),
    },
];

/// Reads a line as a command. `None` where it is none: a statement, a declaration, SQL.
///
/// # Errors
/// It is a command with the wrong arguments, or an unknown one after a `:`.
pub fn parse(line: &str) -> Option<Result<Command, Complaint>> {
    let line = line.trim();
    let (text, is_command) = line.strip_prefix(':').map_or((line, false), |rest| (rest.trim_start(), true));
    let (word, rest) = split_word(text);
    match find(word) {
        Some(spec) if is_command || !is_declaration(spec, rest) => Some((spec.read)(rest)),
        None if is_command => Some(Err(unknown(word))),
        _ => None,
    }
}

/// The command of a name or alias.
#[must_use]
pub fn find(word: &str) -> Option<&'static CommandSpec> {
    let is = |name: &str| name.eq_ignore_ascii_case(word);
    COMMANDS.iter().find(|spec| is(spec.name) || spec.aliases.iter().any(|alias| is(alias)))
}

/// What to say where a word is not a command.
#[must_use]
pub fn unknown(word: &str) -> Complaint {
    let names = COMMANDS.iter().flat_map(|spec| spec.aliases.iter().chain([&spec.name]));
    let long = names.filter(|name| name.len() > 2).copied();
    let help = did_you_mean(&word.to_lowercase(), long);
    Complaint::new(format!("there is no command `{word}`"))
        .help(help.unwrap_or_else(|| "`help` lists the commands".to_owned()))
}

/// A line's first word and the rest.
#[must_use]
pub fn split_word(text: &str) -> (&str, &str) {
    text.split_once(char::is_whitespace).map_or((text, ""), |(word, rest)| (word, rest.trim()))
}

/// `table users { … }` declares; `table users` shows.
fn is_declaration(spec: &CommandSpec, rest: &str) -> bool {
    spec.name == "table" && (rest.contains('{') || rest.starts_with('(') || rest.split_whitespace().nth(1).is_some())
}

fn alone(name: &str, rest: &str, command: Command) -> Result<Command, Complaint> {
    if rest.is_empty() {
        return Ok(command);
    }
    Err(Complaint::new(format!("`{name}` takes no arguments")).help(format!("write `{name}` alone")))
}

fn count(name: &str, rest: &str) -> Result<usize, Complaint> {
    match rest.parse() {
        _ if rest.is_empty() => Ok(1),
        Ok(count) if count > 0 => Ok(count),
        _ => Err(Complaint::new(format!("`{rest}` is not a number of statements")).help(format!("as in `{name} 2`"))),
    }
}

fn why(rest: &str) -> Result<Why, Complaint> {
    let mut why = Why::default();
    for word in rest.split_whitespace() {
        match word.parse() {
            Ok(number) if number > 0 && why.number.is_none() && !why.next => why.number = Some(number),
            _ if word.eq_ignore_ascii_case("next") && !why.next => why.next = true,
            _ => {
                let complaint = Complaint::new(format!("`{word}` is not the number of a counterexample"));
                return Err(complaint.help("as in `why`, `why 2`, `why next` or `why 2 next`"));
            }
        }
    }
    Ok(why)
}

fn until(rest: &str) -> Result<Until, Complaint> {
    if rest.is_empty() {
        return Ok(Until::End);
    }
    let phase = Phase::ALL.into_iter().find(|phase| phase.keyword().eq_ignore_ascii_case(rest)).map(Until::Phase);
    let number = || rest.parse().ok().filter(|number| *number > 0).map(Until::Statement);
    phase.or_else(number).ok_or_else(|| {
        Complaint::new(format!("`{rest}` is neither a phase nor the number of a statement"))
            .help("as in `run`, `run migrate` or `run 4`; `plan` shows the numbers")
    })
}

fn optional(rest: &str) -> Option<String> {
    (!rest.is_empty()).then(|| rest.to_owned())
}

/// A path, between quotes or not.
fn path(rest: &str) -> Option<PathBuf> {
    let quoted = |quote| rest.strip_prefix(quote).and_then(|inner| inner.strip_suffix(quote));
    let bare = quoted('"').or_else(|| quoted('\'')).unwrap_or(rest);
    (!bare.is_empty()).then(|| bare.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Option<Result<Command, String>> {
        parse(line).map(|read| read.map_err(|complaint| complaint.message))
    }

    #[test]
    fn commands_come_with_and_without_a_colon() {
        assert_eq!(read("step"), Some(Ok(Command::Step(1))));
        assert_eq!(read(":step 3"), Some(Ok(Command::Step(3))));
        assert_eq!(read(" BACK 2 "), Some(Ok(Command::Back(2))));
        assert_eq!(read("run migrate"), Some(Ok(Command::Run(Until::Phase(Phase::Migrate)))));
        assert_eq!(read("run 4"), Some(Ok(Command::Run(Until::Statement(4)))));
        assert_eq!(read("load \"a b.mig\""), Some(Ok(Command::Load(Some("a b.mig".into())))));
        assert_eq!(read("?"), Some(Ok(Command::Help(None))));
        assert_eq!(read(":why"), Some(Ok(Command::Why(Why::default()))));
        assert_eq!(read("why 2 next"), Some(Ok(Command::Why(Why { number: Some(2), next: true }))));
    }

    #[test]
    fn statements_and_declarations_are_no_commands() {
        for line in ["expand add column x", "table users { id integer }", "as v1 select", "select * from users", ""] {
            assert_eq!(read(line), None, "{line}");
        }
        assert_eq!(read("table users"), Some(Ok(Command::Table(Some("users".into())))));
    }

    #[test]
    fn wrong_arguments_are_told() {
        assert_eq!(read("step x"), Some(Err("`x` is not a number of statements".into())));
        assert_eq!(read("step 0"), Some(Err("`0` is not a number of statements".into())));
        assert_eq!(read("why not"), Some(Err("`not` is not the number of a counterexample".into())));
        assert_eq!(read("why next 2"), Some(Err("`2` is not the number of a counterexample".into())));
        assert_eq!(read("why 0"), Some(Err("`0` is not the number of a counterexample".into())));
        assert_eq!(read("plan now"), Some(Err("`plan` takes no arguments".into())));
        assert_eq!(read("run away"), Some(Err("`away` is neither a phase nor the number of a statement".into())));
        assert_eq!(read(":setp"), Some(Err("there is no command `setp`".into())));
        assert_eq!(unknown("setp").help.as_deref(), Some("did you mean `step`?"));
    }

    #[test]
    fn no_two_commands_share_a_word() {
        let words = COMMANDS.iter().flat_map(|spec| spec.aliases.iter().chain([&spec.name]));
        let mut seen = std::collections::BTreeSet::new();
        words.for_each(|word| assert!(seen.insert(word), "{word} twice"));
    }
}
