//! A script with its plan, ready to be run on a database, or found again in one.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::cli::Exit;
use crate::cli::output::complain;
use crate::cli::run::tell;
use crate::diagnostic::{Diagnostic, Severity};
use crate::live::{self, Limits, Opened, Refused};
use crate::plan::Plan;
use crate::prove::Proof;
use crate::source::Source;
use crate::target::postgres::journal::runs::RunRow;
use crate::target::postgres::session::Session;
use crate::target::postgres::{Relation, Server};

use super::connection::told;

/// A script that can be run.
pub struct Ready {
    /// Its text.
    pub source: Source,
    /// What it does.
    pub plan: Arc<Plan>,
    /// What is proved of it.
    pub proof: Proof,
    /// What the database was like before it, as JSON.
    pub known: String,
}

/// [`Server`] as it is kept with a run: the plan is made from it again when the run goes on.
#[derive(Serialize, Deserialize)]
struct Known {
    version: u32,
    schema: String,
    sets_deadlock_timeout: bool,
    relations: Vec<(String, Relation)>,
}

impl Ready {
    /// Holds a script against the database; says what is wrong with it.
    ///
    /// # Errors
    /// The exit code to end with.
    pub fn open(session: &mut Session, source: Source) -> Result<Self, Exit> {
        let server = live::look(session.client(), &source).map_err(|fault| told(&fault, Exit::CouldNotRun))?;
        let opened = live::open(source, &server).map_err(|refused| refuse(&refused))?;
        tell(&opened.diagnostics, &opened.source);
        Self::ask_whether_ready(session, &opened, &server)?;
        Self::new(opened, &server)
    }

    /// Asks the server whether the plan can be run on it now.
    fn ask_whether_ready(session: &mut Session, opened: &Opened, server: &Server) -> Result<(), Exit> {
        let found = live::preflight(session.client(), &opened.plan, server, Limits::default());
        let found = found.map_err(|fault| told(&fault, Exit::CouldNotRun))?;
        let mut found: Vec<Diagnostic> = found.into_iter().map(|found| found.at(&opened.script)).collect();
        let lost = live::round_trips(session.client(), &opened.script, &opened.plan, server);
        found.extend(lost.map_err(|fault| told(&fault, Exit::CouldNotRun))?);
        tell(&found, &opened.source);
        if found.iter().any(|finding| finding.severity == Severity::Error) {
            complain("the database is not ready, so nothing was run", Some("`miglab explain preflight` says more"));
            return Err(Exit::Failed);
        }
        Ok(())
    }

    /// The plan of a run, made again from what is kept of it.
    ///
    /// # Errors
    /// The exit code to end with.
    pub fn again(row: &RunRow) -> Result<Self, Exit> {
        let source = Source::new(row.name.as_str(), row.script.as_str());
        let known: Known = serde_json::from_str(&row.known).map_err(|error| {
            let help = "was schema `miglab` changed by hand?";
            complain(&format!("what is kept of the run of `{}` cannot be read: {error}", row.name), Some(help));
            Exit::CouldNotRun
        })?;
        let server = known.server();
        let opened = live::open(source, &server).map_err(|refused| refuse(&refused))?;
        Self::new(opened, &server)
    }

    fn new(opened: Opened, server: &Server) -> Result<Self, Exit> {
        let Opened { source, plan, proof, .. } = opened;
        let known = serde_json::to_string(&Known::of(server)).map_err(|error| {
            complain(&format!("what the database is like cannot be kept: {error}"), None);
            Exit::CouldNotRun
        })?;
        Ok(Self { source, plan, proof, known })
    }
}

impl Known {
    fn of(server: &Server) -> Self {
        let relations = server.relations.iter().map(|(name, relation)| (name.to_string(), relation.clone()));
        Self {
            version: server.version,
            schema: server.schema.clone(),
            sets_deadlock_timeout: server.sets_deadlock_timeout,
            relations: relations.collect(),
        }
    }

    fn server(self) -> Server {
        let Self { version, schema, sets_deadlock_timeout, relations } = self;
        let relations = relations.into_iter().map(|(name, relation)| (name.into(), relation)).collect();
        Server { version, schema, sets_deadlock_timeout, run: 0, relations }
    }
}

fn refuse(refused: &Refused) -> Exit {
    tell(&refused.diagnostics, &refused.source);
    complain("the script has errors, so nothing was run", Some("`miglab explain CODE` says more about each"));
    Exit::Failed
}
