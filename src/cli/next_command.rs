//! The commands that a message tells people to enter next.

use super::args::DbArgs;
use crate::engine::{Fault, WayOn};
use crate::operate::{Course, NextStep, RunRow};

/// `miglab resume --db …` with further arguments.
#[must_use]
pub fn command(verb: &str, db: &DbArgs, more: &[&str]) -> String {
    let more = more.iter().fold(String::new(), |text, word| text + " " + &shell(word));
    let address = db.given().map_or_else(String::new, |given| format!(" {}", shell(&without_password(given))));
    format!("miglab {verb} --db{address}{more}")
}

/// The command that does what can be done next.
#[must_use]
pub fn next_command(next: &NextStep, db: &DbArgs) -> String {
    let (verb, confirm) = match next {
        NextStep::Resume { confirm } => ("resume", confirm),
        NextStep::Rollback { confirm } => ("rollback", confirm),
    };
    match confirm {
        Some(gate) => command(verb, db, &["--confirm", gate]),
        None => command(verb, db, &[]),
    }
}

/// What to do about a fault, with the commands that do it.
#[must_use]
pub fn help_of(fault: &Fault) -> Option<String> {
    let command = |way_on| match way_on {
        WayOn::Resume => "`miglab resume`".to_owned(),
        WayOn::Status => "`miglab status --db`".to_owned(),
    };
    fault.help.as_ref().map(|help| help.with_names(command))
}

/// How an unfinished run can be ended.
#[must_use]
pub fn ways_on(run: &RunRow, db: &DbArgs) -> String {
    let rollback = command("rollback", db, &[]);
    if run.course == Course::RollingBack {
        return format!("it is being rolled back: `{rollback}` goes on");
    }
    let (resume, status) = (command("resume", db, &[]), command("status", db, &[]));
    format!("`{resume}` goes on, `{rollback}` undoes it, `{status}` says more")
}

/// A word as a shell takes it.
fn shell(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@=+,%".contains(c);
    let is_plain = !word.is_empty() && word.chars().all(plain);
    if is_plain { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

/// An address as it was given, without the password that may be in it.
fn without_password(given: &str) -> String {
    match given.split_once("://") {
        Some((scheme, rest)) => format!("{scheme}://{}", url_without_password(rest)),
        None => words_without_password(given),
    }
}

fn url_without_password(rest: &str) -> String {
    let (place, query) = rest.split_once('?').map_or((rest, None), |(place, query)| (place, Some(query)));
    let place = match place.rsplit_once('@') {
        Some((user, host)) => format!("{}@{host}", user.split(':').next().unwrap_or_default()),
        None => place.to_owned(),
    };
    let secret = |pair: &&str| !pair.starts_with("password=") && !pair.starts_with("sslpassword=");
    let query: Vec<&str> =
        query.unwrap_or_default().split('&').filter(secret).filter(|pair| !pair.is_empty()).collect();
    if query.is_empty() { place } else { format!("{place}?{}", query.join("&")) }
}

/// `key=value` pairs: values may be quoted, and there may be spaces around `=`.
fn words_without_password(given: &str) -> String {
    let (mut shown, mut rest) = (Vec::new(), given.trim_start());
    while let Some((key, after)) = rest.split_once('=') {
        let after = after.trim_start();
        let end = end_of_value(after);
        if !matches!(key.trim(), "password" | "sslpassword") {
            shown.push(format!("{}={}", key.trim(), &after[..end]));
        }
        rest = after[end..].trim_start();
    }
    shown.join(" ")
}

fn end_of_value(text: &str) -> usize {
    let quoted = text.starts_with('\'');
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(usize::from(quoted)) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '\'' if quoted => return at + 1,
            c if c.is_whitespace() && !quoted => return at,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::ENVIRONMENT;
    use crate::engine::{FaultKind, Help};

    fn resume(db: &str, more: &[&str]) -> String {
        command("resume", &DbArgs { db: Some(db.to_owned()) }, more)
    }

    #[test]
    fn a_command_can_be_pasted() {
        assert_eq!(resume(ENVIRONMENT, &["--confirm", "v2"]), "miglab resume --db --confirm v2");
        assert_eq!(
            resume(ENVIRONMENT, &["--confirm", "it's at 100 %"]),
            "miglab resume --db --confirm 'it'\\''s at 100 %'"
        );
    }

    #[test]
    fn help_names_the_command_that_goes_on() {
        let help = Help::naming("make room; then ", WayOn::Resume, " goes on");
        assert_eq!(&*help, "make room; then `resume` goes on");
        let fault = Fault::new(FaultKind::Server, "full").with_help(help);
        assert_eq!(help_of(&fault).unwrap(), "make room; then `miglab resume` goes on");
        assert_eq!(help_of(&Fault::new(FaultKind::Server, "odd").with_help("ask")).unwrap(), "ask");
    }

    #[test]
    fn no_password_is_shown() {
        assert_eq!(resume("postgres://me:secret@h:5432/shop", &[]), "miglab resume --db postgres://me@h:5432/shop");
        let query = "postgres://h/shop?sslmode=require&password=secret";
        assert_eq!(resume(query, &[]), "miglab resume --db 'postgres://h/shop?sslmode=require'");
        let words = "host=h password = 'se\\'cr et' dbname=shop";
        assert_eq!(resume(words, &[]), "miglab resume --db 'host=h dbname=shop'");
    }
}
