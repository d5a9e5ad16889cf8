//! From an action to what is done to a database: SQL, the locks it takes, and what undoes it. Talks to nobody.

use crate::catalog::Catalog;
use crate::plan::{Action, AppUse, Facts};
use crate::target::Fault;
use crate::target::postgres::{Operation, Server};

/// What a translation looks at besides the action.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// The schema before the action, as the plan has it.
    pub catalog: &'a Catalog,
    /// What the database says of its tables before the action; empty where nobody was asked.
    pub server: &'a Server,
    /// The versions of the application.
    pub apps: &'a [AppUse],
    /// Which columns carry which facts.
    pub facts: &'a Facts,
}

/// What is done to a database for an action, in order.
///
/// # Errors
/// PostgreSQL has no way to do it without making applications wait.
pub fn operations(_action: &Action, _scene: Scene<'_>) -> Result<Vec<Operation>, Fault> {
    Ok(Vec::new())
}
