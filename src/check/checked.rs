//! What is known of a script without running it, made once and handed on.

use std::sync::{Arc, OnceLock};

use crate::ast::Script;
use crate::check::verdict::telling;
use crate::diagnostic::{Diagnostic, Severity};
use crate::plan::Plan;
use crate::plan::assumed::{Assumed, assumed, plan_with};
use crate::prove::Proof;
use crate::source::Source;

/// All that there is to say about a script.
#[derive(Clone, Debug)]
pub struct Findings {
    /// Its text.
    pub source: Source,
    /// Syntax errors and findings in the order of places.
    pub diagnostics: Vec<Diagnostic>,
    /// What was taken for granted, a sentence each.
    pub notes: Vec<String>,
}

impl Findings {
    /// Whether the plan must not be run.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }
}

impl AsRef<Findings> for Findings {
    fn as_ref(&self) -> &Findings {
        self
    }
}

/// A script that was read, resolved, checked and proved.
#[derive(Debug)]
pub struct Checked {
    /// Its tree.
    pub script: Script,
    /// What it does; none where a statement cannot be understood.
    pub plan: Option<Arc<Plan>>,
    /// All that there is to say about it.
    pub findings: Findings,
    pub(super) proofs: Proofs,
}

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
}

impl AssumedProof {
    /// None where the plan declares applications, or has no column that one could use. What the author answers for is
    /// added to the findings.
    pub(super) fn of(script: &Script, plan: &Plan, findings: &mut Vec<Diagnostic>) -> Option<Self> {
        let assumed = assumed(plan)?;
        let plan = Arc::new(plan_with(plan, &assumed).plan);
        let proof = telling::proof(script, &plan, findings);
        Some(Self { assumed, plan, proof })
    }
}

impl Checked {
    /// Its text.
    #[must_use]
    pub fn source(&self) -> &Source {
        &self.script.source
    }

    /// What is proved of its plan, but for what the author answers for; none where there is no plan.
    #[must_use]
    pub fn proof(&self) -> Option<&Proof> {
        let plan = self.plan.as_deref()?;
        Some(self.proofs.written.get_or_init(|| telling::proof(&self.script, plan, &mut Vec::new())))
    }

    /// The plan and its proof.
    ///
    /// # Errors
    /// There is no plan; the findings say why.
    pub fn into_proof(self) -> Result<(Arc<Plan>, Proof), Findings> {
        if self.proof().is_none() {
            return Err(self.findings);
        }
        self.plan.zip(self.proofs.written.into_inner()).ok_or(self.findings)
    }

    /// The plan with the applications that it is assumed to have, and its proof; none where it declares some, or has no
    /// column that one could use.
    #[must_use]
    pub fn into_assumed_proof(mut self) -> Option<AssumedProof> {
        let plan = self.plan?;
        let known = self.proofs.assumed.take();
        known.unwrap_or_else(|| AssumedProof::of(&self.script, &plan, &mut Vec::new()))
    }
}

impl AsRef<Findings> for Checked {
    fn as_ref(&self) -> &Findings {
        &self.findings
    }
}
