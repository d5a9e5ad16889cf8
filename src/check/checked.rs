//! What is known of a script without running it, made once and handed on.

use std::sync::Arc;

use crate::ast::Script;
use crate::check::proofs::{AssumedProof, Proofs};
use crate::check::verdict::{self, Judgement, LOSSES, Trial};
use crate::diagnostic::{Diagnostic, Headline, Severity};
use crate::plan::Plan;
use crate::prove::Proof;
use crate::source::Source;

/// All that there is to say about a script.
#[derive(Clone, Debug)]
pub struct Findings {
    /// Its text.
    pub source: Source,
    /// Syntax errors and findings in the order of places.
    pub diagnostics: Vec<Diagnostic>,
    /// What to know besides, a sentence each.
    pub notes: Vec<String>,
    /// What the proof says; none where nothing is to be proved.
    pub(super) judgement: Option<Box<Judgement>>,
}

impl Findings {
    /// Findings of a script of which nothing is to be proved.
    #[must_use]
    pub fn new(source: Source, diagnostics: Vec<Diagnostic>) -> Self {
        Self { source, diagnostics, notes: Vec::new(), judgement: None }
    }

    /// The verdict: what the proof says, and what the findings add to it. None where nothing is to be proved, as no
    /// application is declared.
    #[must_use]
    pub fn headline(&self) -> Option<Headline> {
        Some(self.judgement.as_ref()?.headline(&self.source, &self.diagnostics))
    }

    /// What takes something away from a verdict that is not an error: values that are lost in any order of events.
    #[must_use]
    pub fn losses(&self) -> Vec<Diagnostic> {
        self.diagnostics.iter().filter(|diagnostic| LOSSES.contains(&diagnostic.code)).cloned().collect()
    }

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
        let prove = || verdict::proof(&self.script, plan, &mut self.findings.diagnostics.clone());
        Some(self.proofs.written.get_or_init(prove))
    }

    /// The verdict on its plan, proved where it was not; none where there is no plan.
    #[must_use]
    pub fn headline(&self) -> Option<Headline> {
        let (plan, proof) = self.plan.as_deref().zip(self.proof())?;
        let judgement = Judgement::of(&self.script, plan, proof);
        Some(judgement.headline(self.source(), &self.findings.diagnostics))
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
        let found = &mut self.findings.diagnostics;
        known.unwrap_or_else(|| verdict::assumed_proof(&self.script, &plan, Trial::Model, found))
    }
}

impl AsRef<Findings> for Checked {
    fn as_ref(&self) -> &Findings {
        &self.findings
    }
}
