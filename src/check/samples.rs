//! The rows of a script, as the proof asks for them.

use crate::ast::Script;
use crate::catalog::Catalog;
use crate::check::two_forms::script_rows::{MOST_ROWS, loaded};
use crate::plan::{Origin, Sample, Samples};

/// The rows that a script lists or generates, as they are at the start.
pub(super) fn of_script(start: &Catalog, script: &Script) -> Samples {
    let mut samples = Samples::default();
    if script.rows.is_empty() {
        return samples;
    }
    let memory = loaded(start, script);
    for table in start.tables() {
        let columns: Vec<_> = table.columns().map(|column| column.id).collect();
        let values: Vec<_> = columns.iter().map(|column| memory.column_values(&table.name, *column)).collect();
        let count = values.first().map_or(0, Vec::len);
        if count > 0 {
            let rows = (0..count).map(|at| values.iter().map(|column| column[at].clone()).collect()).collect();
            let sample = Sample { origin: Origin::Script, columns, rows, whole: count < MOST_ROWS };
            samples.add(table.name.clone(), sample);
        }
    }
    samples
}
