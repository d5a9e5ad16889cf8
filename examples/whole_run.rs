//! A whole run on a PostgreSQL, by a program: `cargo run --example whole_run` does it to the one of `DATABASE_URL`.

use std::process::ExitCode;

use miglab::execute::Silent;
use miglab::operate::{self, Address, Claim, Database, Error, Gates, Halt, Limits, RunOptions, Runner};
use miglab::source::Source;

const SCRIPT: &str = r#"
migration "Rename username to display_name" on users

app v1 { reads username      writes username }
app v2 { reads display_name  writes display_name }

expand add column display_name text
expand sync username <-> display_name
migrate backfill display_name from username
deploy v2
retire v1
contract drop column username
"#;

/// A rename, from its first statement to the purge; gives what there is to tell, a line each.
///
/// # Errors
/// Something was not done: the error says what, and why.
pub fn whole_run(address: &Address) -> Result<Vec<String>, Error> {
    let mut told = Vec::new();

    // Nobody else works on the database until the claim is dropped.
    let database = Database::connect(address, Limits::default())?;
    let mut claim = database.claim(Runner::new("a machine", "a user"))?;

    // It goes on by itself until somebody has to do something.
    let script = Source::new("rename.mig", SCRIPT);
    let mut run = operate::begin(&mut claim, script, RunOptions::default())?;
    if let Some(headline) = run.findings().headline() {
        told.extend(headline.notes());
    }
    let mut halt = run.go(&mut Silent)?;
    while let Halt::Gate(gate) = halt {
        told.push(format!("{} waits for {}", gate.gate, gate.why));
        // … deploys the new version, or stops the old one …
        halt = confirmed(&mut claim, gate.confirm.unwrap_or_default())?;
    }
    told.push(format!("it is complete: {}", halt == Halt::Complete));

    // Another program could have asked at any time.
    let status = operate::status(&mut Database::connect(address, Limits::default())?)?;
    told.extend(status.runs.iter().map(|run| format!("{}: {}%", run.name, run.percent())));

    // From here on it can no longer be undone.
    for run in operate::to_purge(&mut claim)? {
        let removed = operate::purge(&mut claim, &run, &mut Silent)?;
        told.push(format!("{}: {removed} removed", run.name));
    }
    Ok(told)
}

/// This may as well be another process, on another day: all that it needs lies in the database.
fn confirmed(claim: &mut Claim, gate: String) -> Result<Halt, Error> {
    let options = RunOptions { gates: Gates::confirm(gate), ..RunOptions::default() };
    operate::resume(claim, None, options)?.go(&mut Silent)
}

fn main() -> ExitCode {
    match Address::find(None).map_err(Error::from).and_then(|address| whole_run(&address)) {
        Ok(told) => {
            told.iter().for_each(|line| println!("{line}"));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
