//! What is proved of a script, as it is kept.

use std::sync::{Arc, OnceLock};

use crate::diagnostic::Headline;
use crate::plan::Plan;
use crate::plan::assumed::Assumed;
use crate::prove::Proof;

/// What was proved so far. A plan that the check had no use to prove is proved when somebody asks.
#[derive(Debug, Default)]
pub(super) struct Proofs {
    /// Of the plan as it is written.
    pub(super) written: OnceLock<Proof>,
    /// Of the plan with the applications that it is assumed to have.
    pub(super) assumed: OnceLock<Option<AssumedProof>>,
}

/// A plan that declares no application, with those that it is assumed to have.
#[derive(Debug)]
pub struct AssumedProof {
    /// The applications.
    pub assumed: Assumed,
    /// The plan with them.
    pub plan: Arc<Plan>,
    /// What is proved of that.
    pub proof: Proof,
    /// Its verdict.
    pub headline: Headline,
}
