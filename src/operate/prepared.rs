//! A script with its plan, ready to be run on a database, or made again from what the database keeps of a run.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Error;
use crate::check::{Checked, Findings};
use crate::database::{self, Opened};
use crate::diagnostic::Severity;
use crate::engine::postgres::inspect::whereabouts;
use crate::engine::postgres::journal::runs::RunRow;
use crate::engine::postgres::session::Session;
use crate::engine::postgres::translate::OWN_SCHEMA;
use crate::engine::postgres::{Relation, Server};
use crate::engine::{Fault, FaultKind};
use crate::plan::Plan;
use crate::prove::Proof;
use crate::source::Source;
use crate::syntax;

/// A script that can be run on a database.
#[derive(Debug)]
pub struct Prepared {
    /// What it does.
    pub plan: Arc<Plan>,
    /// The script; what there is to say of it and the database does not keep it from being run.
    checked: Checked,
    /// What the database was like before it.
    pub(super) server: KeptServer,
}

/// [`Server`] as it is kept with a run: the plan is made from it again when the run goes on.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct KeptServer {
    /// Where names without a schema are looked for.
    search_path: String,
    version: u32,
    schema: String,
    sets_deadlock_timeout: bool,
    relations: Vec<(String, Relation)>,
}

impl Prepared {
    /// Compares a script with the database, and asks whether the plan can be run on it now.
    pub(super) fn new(session: &mut Session, source: Source) -> Result<Self, Error> {
        let parsed = syntax::parse(source);
        let server = database::look(session.client(), &parsed.script)?;
        let opened = database::open_with_rows(session.client(), parsed, &server)?;
        let opened = opened.map_err(|refused| Error::Refused(Box::new(refused)))?;
        let unready = database::readiness(session.client(), &opened.checked.script, &opened.plan, &server)?;
        let kept = KeptServer::of(&server, session.search_path()?);
        let mut prepared = Self::of(opened, kept);
        let is_error = unready.iter().any(|finding| finding.severity == Severity::Error);
        prepared.checked.findings.diagnostics.extend(unready);
        if is_error { Err(Error::NotReady(Box::new(prepared.checked.findings))) } else { Ok(prepared) }
    }

    /// The plan of a run, made again from what is kept of it.
    pub(super) fn again(run: &RunRow) -> Result<Self, Error> {
        let source = Source::new(run.name.as_str(), run.script.as_str());
        let kept: KeptServer = serde_json::from_str(&run.known)
            .map_err(|error| Error::KeptRecord { name: run.name.clone(), why: error.to_string() })?;
        match database::open(source, &kept.server()) {
            Ok(opened) => Ok(Self::of(opened, kept)),
            Err(refused) => Err(Error::KeptScript { findings: Box::new(refused), version: run.version.clone() }),
        }
    }

    fn of(opened: Opened, server: KeptServer) -> Self {
        let Opened { checked, plan } = opened;
        Self { plan, checked, server }
    }

    /// What is proved of the plan.
    #[must_use]
    pub fn proof(&self) -> Option<&Proof> {
        self.checked.proof()
    }

    /// The text of the script, and what there is to say of it and the database that does not keep it from being run.
    #[must_use]
    pub fn findings(&self) -> &Findings {
        &self.checked.findings
    }

    pub(super) fn into_findings(self) -> Findings {
        self.checked.findings
    }

    /// The same, for a session in which names mean what they meant when the run began, and tables are still the same.
    pub(super) fn again_in(session: &mut Session, run: &RunRow) -> Result<Self, Error> {
        let prepared = Self::again(run)?;
        prepared.stand_where_it_began(session)?;
        Ok(prepared)
    }

    fn stand_where_it_began(&self, session: &mut Session) -> Result<(), Error> {
        session.set_search_path(&self.server.search_path)?;
        for (name, relation) in &self.server.relations {
            let now = whereabouts(session.client(), relation.oid)?;
            let stays = now.as_ref().is_some_and(|(schema, table)| {
                schema == OWN_SCHEMA || (*schema == relation.schema && *table == relation.name)
            });
            if !stays {
                return Err(Error::TableMoved { table: name.clone(), now });
            }
        }
        Ok(())
    }
}

impl KeptServer {
    /// As the database keeps it.
    pub(super) fn to_json(&self) -> Result<String, Fault> {
        serde_json::to_string(self).map_err(|error| {
            Fault::new(FaultKind::Server, format!("what the database is like cannot be kept: {error}"))
        })
    }

    fn of(server: &Server, search_path: String) -> Self {
        let relations = server.relations.iter().map(|(name, relation)| (name.to_string(), relation.clone()));
        Self {
            search_path,
            version: server.version,
            schema: server.schema.clone(),
            sets_deadlock_timeout: server.sets_deadlock_timeout,
            relations: relations.collect(),
        }
    }

    fn server(&self) -> Server {
        let Self { version, sets_deadlock_timeout, .. } = *self;
        let relations = self.relations.iter().map(|(name, relation)| (name.as_str().into(), relation.clone()));
        Server { version, schema: self.schema.clone(), sets_deadlock_timeout, run: 0, relations: relations.collect() }
    }
}
