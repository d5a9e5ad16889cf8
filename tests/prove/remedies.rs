//! Words are held against deeds: what the help of a finding says to do is done, by the line that it names, and the script
//! is checked again. It must give what the help promises, and every command must say the same help.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use miglab::ast::Script;
use miglab::check::{self, Checked};
use miglab::diagnostic::{Answer, Code, Diagnostic, Severity};
use miglab::fix;
use miglab::plan::Plan;
use miglab::prove::{Change, Proof, Refutation};
use miglab::source::Source;
use miglab::syntax;

/// What a help promises.
#[derive(Debug, PartialEq)]
enum Promise<'h> {
    Proved,
    Verdict(&'h str),
    NotRefuted,
    Columns,
    Gone,
}

/// Every script of the golden cases, and every example of a page.
fn scripts() -> Vec<(String, String)> {
    fn below(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.extension() {
                _ if path.is_dir() => below(&path, found),
                Some(ending) if ending == "mig" => found.push(path),
                _ => {}
            }
        }
    }
    let mut found = Vec::new();
    below(Path::new("tests/cases"), &mut found);
    below(Path::new("scripts"), &mut found);
    found.sort();
    let of_file = |path: PathBuf| {
        let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
        (path.display().to_string(), text)
    };
    let examples = Code::ALL.iter().flat_map(|code| {
        let blocks = code.page().split("```mig refused\n").skip(1);
        blocks.map(|block| (code.name().to_owned(), block.split("```").next().unwrap().to_owned()))
    });
    found.into_iter().map(of_file).chain(examples).filter(|(_, text)| text.len() < 10_000).collect()
}

fn checked(text: &str) -> Checked {
    check::check(syntax::parse(Source::new("script.mig", text)), &[])
}

/// A refutation, and the statement that its remedy moves or leaves out, as the script has it.
struct Told {
    help: String,
    change: Option<Change>,
    statement: Option<std::ops::Range<usize>>,
}

fn told(plan: &Plan, proof: &Proof) -> Vec<Told> {
    let one = |refutation: &Refutation| {
        let change = refutation.remedy.as_ref().map(|remedy| remedy.change.clone());
        let statement = match &change {
            Some(Change::Move(step) | Change::LeaveOut(step)) => Some(plan.steps[*step].span.range()),
            _ => None,
        };
        Told { help: refutation.help.clone(), change, statement }
    };
    proof.refutations.iter().map(one).collect()
}

/// What is proved of a script that is checked without an error that comes first.
fn remedies(text: &str) -> Vec<Told> {
    let checked = checked(text);
    let has_apps = !checked.script.apps.is_empty();
    if !has_apps {
        let proof = checked.into_assumed_proof();
        return proof.map(|proof| told(&proof.plan, &proof.proof)).unwrap_or_default();
    }
    if checked.findings.headline().is_none_or(|headline| headline.answer == Answer::Errors) {
        return Vec::new();
    }
    let proved = checked.into_proof();
    proved.map(|(plan, proof)| told(&plan, &proof)).unwrap_or_default()
}

fn promise(help: &str) -> Promise<'_> {
    match help.split_once(": then ").map(|(_, promise)| promise) {
        Some("it is proved") => Promise::Proved,
        Some("these columns are proved") => Promise::Columns,
        Some("this is gone, and something else is left") => Promise::Gone,
        Some("nothing wrong is found, but not everything can be checked") => Promise::NotRefuted,
        Some(verdict) => Promise::Verdict(verdict.strip_prefix("it is ").unwrap()),
        None => panic!("it promises nothing: {help}"),
    }
}

/// The number behind these words.
fn line_after(text: &str, words: &str) -> Option<usize> {
    let digits: String = text.split_once(words)?.1.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// The script after a person has done what the help says, given nothing but its text and its line numbers.
fn followed(text: &str, told: &Told) -> String {
    let order = told.help.split(": then ").next().unwrap();
    let mut text = text.to_owned();
    let mut line = String::new();
    if let Some(range) = told.statement.clone() {
        let phase = text[..range.start].trim_end();
        let has = ["expand", "migrate", "contract"].iter().find(|word| phase.ends_with(*word));
        let start = has.map_or(range.start, |word| phase.len() - word.len());
        text[start..range.end].clone_into(&mut line);
        // Its lines stay, empty, so that the others keep their numbers.
        let breaks = line.matches('\n').count();
        text.replace_range(start..range.end, &"\n".repeat(breaks));
    }
    let put_in = |text: &str, before: usize, line: &str| {
        let mut lines: Vec<&str> = text.lines().collect();
        lines.insert(before, line);
        lines.join("\n") + "\n"
    };
    match &told.change {
        Some(Change::LeaveOut(_)) => text,
        Some(Change::Where { .. }) => {
            let at = line_after(order, " in line ").unwrap();
            let condition = order.split('`').nth(1).unwrap();
            // A filter stands before how the statement goes through its rows.
            let lines = text.lines().enumerate().map(|(number, line)| {
                let is_it = number + 1 == at;
                let (head, tail) = line.split_once(" in batches").unwrap_or((line, ""));
                let tail = if tail.is_empty() { String::new() } else { format!(" in batches{tail}") };
                if is_it { format!("{head} {condition}{tail}\n") } else { format!("{line}\n") }
            });
            lines.collect()
        }
        Some(change) => {
            if let Change::Add { .. } = change {
                order.split('`').nth(1).unwrap().clone_into(&mut line);
            }
            if let Some((_, behind)) = order.split_once(" after `") {
                let statement = behind.split('`').next().unwrap();
                return text.replacen(statement, &format!("{statement}\n{line}\n"), 1);
            }
            let after = line_after(order, " after line ");
            let before = line_after(order, " before line ").map(|line| line - 1);
            put_in(&text, after.or(before).unwrap_or_else(|| panic!("no line: {order}")), &line)
        }
        None => unreachable!("only remedies are followed"),
    }
}

fn errors(findings: &[Diagnostic]) -> impl Iterator<Item = &Diagnostic> {
    findings.iter().filter(|found| found.severity == Severity::Error)
}

/// Whether the script after a help is what the help promises.
fn is_kept(promise: &Promise<'_>, before: &Checked, help: &str, after: Checked) -> Result<(), String> {
    let of = |findings: &[Diagnostic]| -> BTreeSet<(Code, String)> {
        findings.iter().map(|found| (found.code, found.message.clone())).collect()
    };
    let (old, new) = (of(&before.findings.diagnostics), of(&after.findings.diagnostics));
    let unread: Vec<&Diagnostic> = errors(&after.findings.diagnostics).filter(|found| !found.code.refutes()).collect();
    if let Some(found) = unread.iter().find(|found| !old.contains(&(found.code, found.message.clone()))) {
        return Err(format!("there is a new error: {found:#?}"));
    }
    let is_it = |found: &&Diagnostic| found.help.as_deref().is_some_and(|said| said.starts_with(help));
    let mended = before.findings.diagnostics.iter().find(is_it).expect("`check` says the help of the proof");
    if new.contains(&(mended.code, mended.message.clone())) {
        return Err("it is still there".to_owned());
    }
    let headline = if after.script.apps.is_empty() {
        after.into_assumed_proof().map(|assumed| assumed.headline)
    } else {
        after.findings.headline()
    };
    let headline = headline.ok_or("nothing is proved")?;
    let is_so = match promise {
        Promise::Proved => headline.is_plain,
        Promise::Verdict(verdict) => headline.brief == *verdict,
        Promise::NotRefuted => headline.answer == Answer::NotProved,
        Promise::Gone => !headline.is_plain,
        Promise::Columns => return Err("it was not tried in the whole script".to_owned()),
    };
    if is_so { Ok(()) } else { Err(format!("the verdict is {}", headline.line())) }
}

#[test]
fn what_a_help_says_gives_what_it_promises() {
    let (mut followed_up, mut wrong) = (0, Vec::new());
    for (name, text) in scripts() {
        for told in remedies(&text).iter().filter(|told| told.change.is_some()) {
            let first = told.help.lines().next().unwrap();
            let told = Told { help: first.to_owned(), change: told.change.clone(), statement: told.statement.clone() };
            let before = checked(&text);
            let said = before.findings.diagnostics.iter().filter_map(|found| found.help.as_deref());
            if !said.clone().any(|help| help.starts_with(first)) {
                // What goes wrong with values besides is not told of versions that are only assumed.
                assert!(
                    before.script.apps.is_empty(),
                    "{name}: `check` does not say {first}, but {:?}",
                    said.collect::<Vec<_>>()
                );
                continue;
            }
            followed_up += 1;
            let mended = followed(&text, &told);
            if let Err(why) = is_kept(&promise(first), &before, first, checked(&mended)) {
                wrong.push(format!("{name}: {first}\n  {why}\n{mended}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(followed_up >= 30, "only {followed_up} helps were followed");
}

/// The words that compute something: the names of functions, as a script calls them, and what it answers for.
fn computing(text: &str) -> Vec<String> {
    let lower = text.to_ascii_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    let known = |word: &&&str| miglab::expr::function_names().any(|name| name == **word);
    let mut found: Vec<String> = words.iter().filter(known).map(|word| (*word).to_owned()).collect();
    found.sort();
    found
}

fn allows(script: &Script) -> Vec<String> {
    let names = script.allows.iter().map(|allow| allow.code.name.to_string());
    names.filter(|name| name.parse::<Code>().is_ok_and(Code::can_be_allowed)).collect()
}

#[test]
fn a_fix_changes_nothing_that_is_computed_and_mends_what_it_is_for() {
    let mut applied = 0;
    for (name, text) in scripts() {
        let before = check::findings(Source::new("script.mig", text.as_str()));
        let fixes: Vec<&Diagnostic> = before.diagnostics.iter().filter(|found| found.fix.is_some()).collect();
        for found in fixes {
            let after = fix::apply_one(&text, found.fix.as_ref().unwrap());
            let left = check::findings(Source::new("script.mig", after.as_str()));
            let is_same = |other: &&Diagnostic| other.code == found.code && other.message == found.message;
            let count = |findings: &[Diagnostic]| findings.iter().filter(is_same).count();
            assert!(count(&left.diagnostics) < count(&before.diagnostics), "{name}: {found:#?}\n{after}");
            assert_eq!(computing(&text), computing(&after), "{name}: {found:#?}");
            let answered =
                [&text, &after].map(|text| allows(&syntax::parse(Source::new("script.mig", text.as_str())).script));
            let whole = !before.diagnostics.iter().any(|found| found.code == Code::Syntax);
            assert!(whole || answered[0] == answered[1], "{name}: {found:#?}");
            applied += 1;
        }
    }
    assert!(applied >= 10, "only {applied} fixes were applied");
}

#[test]
fn an_allow_stays_where_it_is_not_known_what_it_is_for() {
    let text = "migration \"t\" on t\ntable t { id integer primary key, a text }\napp v1 { uses a }\n\
                allow rejected-write because 'short names only'\nexpand add check (length(a) < 10) as short\n";
    let found = check::findings(Source::new("script.mig", text));
    assert!(found.diagnostics.iter().all(|found| found.code == Code::Syntax), "{:#?}", found.diagnostics);
    let fixed = fix::fix_all(found, check::findings);
    assert!(fixed.checked.source.text().contains("allow rejected-write"));
}
