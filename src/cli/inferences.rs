//! What `miglab check --infer-apps` did to each script, told at the end.

use crate::infer::Inferred;
use crate::report::clean;

/// What became of one script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Inference {
    /// Its applications were written.
    Written,
    /// It declares its applications.
    Declared,
    /// It has errors.
    Errors,
    /// There is no column to use.
    NoColumns,
}

impl Inference {
    const ALL: [Self; 4] = [Self::Written, Self::Declared, Self::Errors, Self::NoColumns];

    /// Told of some scripts; `one` tells whether it is one.
    fn told(self, scripts: &str, one: bool) -> String {
        let either = |of_one: &str, of_many: &str| if one { of_one.to_owned() } else { of_many.to_owned() };
        match self {
            Self::Written => format!("wrote the applications of {scripts}"),
            Self::Declared => {
                format!("left {scripts} alone: {}", either("it declares its applications", "they declare theirs"))
            }
            Self::Errors => format!("left {scripts} alone: {}", either("it has errors", "they have errors")),
            Self::NoColumns => {
                format!("left {scripts} alone: {}", either("its plan has no column", "their plans have no column"))
            }
        }
    }
}

impl From<&Inferred> for Inference {
    fn from(inferred: &Inferred) -> Self {
        match inferred {
            Inferred::Apps(_) => Self::Written,
            Inferred::Declared => Self::Declared,
            Inferred::Errors => Self::Errors,
            Inferred::NoColumns => Self::NoColumns,
        }
    }
}

/// Counts of what became of scripts.
#[derive(Debug, Default)]
pub(super) struct Inferences {
    /// In the order of [`Inference::ALL`]: how many, and the first one's name.
    counts: [(usize, String); 4],
}

impl Inferences {
    /// Counts what became of a script.
    pub(super) fn count(&mut self, inference: Inference, name: &str) {
        let (count, first) = &mut self.counts[inference as usize];
        if *count == 0 {
            name.clone_into(first);
        }
        *count += 1;
    }

    /// A line for each thing that became of some script.
    pub(super) fn summary(&self) -> String {
        let told = Inference::ALL.iter().zip(&self.counts).filter(|(_, (count, _))| *count > 0);
        let lines = told.map(|(inference, (count, first))| match count {
            1 => inference.told(&format!("`{}`", clean(first)), true) + "\n",
            _ => inference.told(&format!("{count} scripts"), false) + "\n",
        });
        lines.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_script_is_named_and_many_are_counted() {
        let mut inferences = Inferences::default();
        assert_eq!(inferences.summary(), "");
        inferences.count(Inference::Written, "a.mig");
        inferences.count(Inference::Declared, "b.mig");
        inferences.count(Inference::Declared, "c.mig");
        let expected = "wrote the applications of `a.mig`\nleft 2 scripts alone: they declare theirs\n";
        assert_eq!(inferences.summary(), expected);
    }
}
