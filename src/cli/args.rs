//! What the commands that work on a database have in common on the command line.

use std::io::{self, Write};
use std::path::Path;
use std::str::FromStr;

use clap::{Args, ValueEnum};

use crate::ast::Phase;
use crate::engine::{Fault, FaultKind};
use crate::operate::{Address, FillOptions, Gates, Limits};
use crate::phrase::{lasting, milliseconds};
use crate::report::run::RunReport;

/// What `--db` without a value stands for. An empty value is a mistake: a variable that is not set.
pub(super) const ENVIRONMENT: &str = "<environment>";

/// Which database.
#[derive(Clone, Debug, Default, Args)]
pub struct DbArgs {
    /// The database, as a URL or as `key=value` pairs; without one `DATABASE_URL`, else the `PG*` variables
    #[arg(long, value_name = "URL", num_args = 0..=1, default_missing_value = ENVIRONMENT, hide_default_value = true)]
    pub db: Option<String>,
}

impl DbArgs {
    /// The address that was given.
    #[must_use]
    pub fn given(&self) -> Option<&str> {
        self.db.as_deref().filter(|db| *db != ENVIRONMENT)
    }

    /// Where the database is.
    ///
    /// # Errors
    /// What was given, or what the environment says, is not an address.
    pub fn address(&self) -> Result<Address, Fault> {
        self.is_address()?;
        Address::find(self.given())
    }

    /// Whether what was given is an address, and not a script that was written after `--db`.
    ///
    /// # Errors
    /// It is not.
    pub fn is_address(&self) -> Result<(), Fault> {
        let Some(given) = self.given() else { return Ok(()) };
        if given.trim().is_empty() {
            let help =
                "is a variable empty? For the database of `DATABASE_URL` or the `PG*` variables write `--db` alone";
            return Err(Fault::new(FaultKind::Connection, "the address after `--db` is empty").with_help(help));
        }
        let ends_in_mig = Path::new(given).extension().is_some_and(|ending| ending == "mig");
        if !ends_in_mig && !Path::new(given).exists() {
            return Ok(());
        }
        let message = format!("`--db` takes the address of a database, and `{given}` is a file");
        let help = format!("write the script first, `{given} --db`, or the address after `--db`: `--db postgres://…`");
        Err(Fault::new(FaultKind::Connection, message).with_help(help))
    }
}

/// How hard a run works.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct PaceArgs {
    /// Connections that fill rows side by side
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub jobs: u32,
    /// How long a batch should take, where the script does not say how many rows it has
    #[arg(long, value_name = "MS", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=60_000))]
    pub batch_target_ms: u32,
    /// Give up when a lock has not been granted for so long
    #[arg(long, value_name = "TIME", default_value = "10m")]
    pub lock_wait: TimeArg,
    /// Fill no rows while a standby lags by more than this
    #[arg(long, value_name = "TIME", default_value = "10s")]
    pub max_lag: TimeArg,
    /// Fill no rows while more sessions than this wait for locks
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub max_waiting: u32,
    /// Fill no rows while more sessions than this are active
    #[arg(long, value_name = "N")]
    pub max_active: Option<u32>,
    /// Do not vacuum a table while its rows are filled
    #[arg(long)]
    pub no_vacuum: bool,
}

impl Default for PaceArgs {
    fn default() -> Self {
        Self {
            jobs: 1,
            batch_target_ms: 10,
            lock_wait: TimeArg(600_000),
            max_lag: TimeArg(10_000),
            max_waiting: 10,
            max_active: None,
            no_vacuum: false,
        }
    }
}

impl PaceArgs {
    /// How rows are filled.
    #[must_use]
    pub fn rows(&self) -> FillOptions {
        FillOptions {
            jobs: self.jobs,
            target_ms: self.batch_target_ms,
            max_lag_ms: Some(self.max_lag.0),
            max_waiting: Some(self.max_waiting),
            max_active: self.max_active,
            vacuum: !self.no_vacuum,
            ..FillOptions::default()
        }
    }

    /// How long locks are waited for.
    #[must_use]
    pub fn limits(&self) -> Limits {
        Limits { lock_wait_ms: self.lock_wait.0, ..Limits::default() }
    }
}

/// How a run passes its gates.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub struct GateArgs {
    /// Go on after this gate: the application of a `deploy` or `retire`, or the text of a `confirm`; can be given several times
    #[arg(long, value_name = "GATE")]
    pub confirm: Vec<String>,
    /// Go on after every gate; what must come first is waited for
    #[arg(long)]
    pub yes: bool,
    /// Take the word of who confirms a deployment, even if no session of that application is seen: only an `app` that
    /// `connects as` a name is looked for
    #[arg(long)]
    pub unverified: bool,
}

impl GateArgs {
    /// How the gates of a run are passed; `of_several`, where several runs share these arguments.
    #[must_use]
    pub fn gates(&self, of_several: bool) -> Gates {
        Gates { confirmed: self.confirm.clone(), all: self.yes, unverified: self.unverified, of_several }
    }
}

/// The forms that the report of a run can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RunFormat {
    /// Text for people
    Human,
    /// Events as JSON lines
    Json,
}

impl RunFormat {
    /// Writes the report of a run.
    ///
    /// # Errors
    /// Writing failed.
    pub fn write(self, report: &RunReport, out: &mut impl Write) -> io::Result<()> {
        match self {
            Self::Human => report.write_human(out),
            Self::Json => report.write_json(out),
        }
    }
}

/// A phase to stop after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PhaseArg {
    /// Only add what is new
    Expand,
    /// Move the data as well
    Migrate,
    /// Everything
    Contract,
}

impl From<PhaseArg> for Phase {
    fn from(phase: PhaseArg) -> Self {
        match phase {
            PhaseArg::Expand => Self::Expand,
            PhaseArg::Migrate => Self::Migrate,
            PhaseArg::Contract => Self::Contract,
        }
    }
}

/// A time on the command line, in milliseconds: `500ms`, `10s`, `10m`, `2h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeArg(pub u64);

impl FromStr for TimeArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        milliseconds(text).map(Self).map_err(str::to_owned)
    }
}

impl std::fmt::Display for TimeArg {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&lasting(self.0))
    }
}
