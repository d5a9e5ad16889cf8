//! Holds the nodes of the tree small: a script may hold a hundred thousand statements.

use std::mem::size_of;

use miglab::ast::{AddIndex, Backfill, ColumnDef, ColumnRef, Expr, Ident, Statement};
use miglab::catalog::{Column, Constraint};

#[test]
fn nodes_stay_small() {
    let sizes = [
        ("Statement", size_of::<Statement>(), 32),
        ("Ident", size_of::<Ident>(), 24),
        ("ColumnRef", size_of::<ColumnRef>(), 32),
        ("Expr", size_of::<Expr>(), 32),
        ("ColumnDef", size_of::<ColumnDef>(), 72),
        ("Backfill", size_of::<Backfill>(), 96),
        ("AddIndex", size_of::<AddIndex>(), 64),
        ("Column", size_of::<Column>(), 64),
        ("Constraint", size_of::<Constraint>(), 48),
    ];
    for (node, is, most) in sizes {
        println!("{node}: {is} bytes, at most {most}");
    }
    let grown: Vec<_> = sizes.iter().filter(|(_, is, most)| is > most).collect();
    assert!(grown.is_empty(), "{grown:?}");
}
