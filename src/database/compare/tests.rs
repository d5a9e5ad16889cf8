use super::{ColumnDifference, ConstraintDifference, Difference, compare};
use crate::catalog::Catalog;
use crate::plan::{ColumnName, Plan};
use crate::source::Source;
use crate::syntax;

fn catalog(tables: &str) -> Catalog {
    let parsed = syntax::parse(Source::new("t.mig", tables));
    assert_eq!(parsed.diagnostics, [], "{tables}");
    Plan::resolve(&parsed.script, &[]).unwrap().start
}

/// How a table of these lines differs from one of those.
fn differences(declared: &str, actual: &str) -> Vec<Difference> {
    let table = |lines: &str| catalog(&format!("table other {{ id integer primary key }}\ntable t {{\n{lines}\n}}\n"));
    compare(&table(declared), &table(actual), &"t".into())
}

fn of_column(declared: &str, actual: &str) -> Vec<ColumnDifference> {
    let found = differences(declared, actual);
    let of = |found| match found {
        Difference::Column(ColumnName { table, column }, difference) if &*table == "t" && &*column == "a" => difference,
        other => panic!("{other:?}"),
    };
    found.into_iter().map(of).collect()
}

fn of_constraint(declared: &str, actual: &str) -> Vec<ConstraintDifference> {
    let columns = |lines: &str| format!("id integer primary key\na integer\nb integer\n{lines}");
    let found = differences(&columns(declared), &columns(actual));
    let of = |found| match found {
        Difference::Constraint(table, difference) if &*table == "t" => difference,
        other => panic!("{other:?}"),
    };
    found.into_iter().map(of).collect()
}

#[test]
fn a_table_that_is_not_there_is_told() {
    let declared = catalog("table t { a integer }");
    let found = compare(&declared, &Catalog::default(), &"t".into());
    assert_eq!(found, [Difference::NoTable("t".into())]);
    assert_eq!(compare(&declared, &declared, &"t".into()), []);
}

#[test]
fn columns_differ_in_one_way_each() {
    use ColumnDifference as D;
    for (declared, actual, expected) in [
        ("a integer", "a integer", None),
        ("a integer", "a integer\nb text not null", None),
        ("a integer", "b integer", Some(D::Missing)),
        ("a integer", "a bigint not null", Some(D::Type)),
        ("a integer", "a integer not null", Some(D::NotNull)),
        ("a integer not null", "a integer", Some(D::Nullable)),
        ("a integer default 1", "a integer", Some(D::NoDefault)),
        ("a integer", "a integer default 1", Some(D::UndeclaredDefault)),
        ("a integer default 1", "a integer default 2", Some(D::OtherDefault)),
        ("a integer default 1 + 1", "a integer default 2", None),
        // What is not the same every time cannot be compared.
        ("a timestamptz default now()", "a timestamptz default '2020-01-01 00:00+00'", None),
    ] {
        assert_eq!(of_column(declared, actual), Vec::from_iter(expected), "{declared} / {actual}");
    }
}

#[test]
fn types_that_the_language_does_not_know_go_by_several_names() {
    for (declared, actual, same) in [
        ("char(3)", "character(3)", true),
        ("character(2)", "character(3)", false),
        ("timestamp(3)", "timestamp(3) without time zone", true),
        ("mood", "mood", true),
        ("mood", "public.mood", true),
        ("shop.mood", "public.mood", false),
        ("integer[]", "text[]", false),
        ("int[]", "integer[]", true),
    ] {
        let found = of_column(&format!("a {declared}"), &format!("a {actual}"));
        assert_eq!(found.is_empty(), same, "{declared} / {actual}: {found:?}");
    }
}

#[test]
fn constraints_are_known_by_what_they_hold() {
    use ConstraintDifference as D;
    let (undeclared, missing) = (|name: &str| D::Undeclared(name.into()), |name: &str| D::Missing(name.into()));
    let renamed = |declared: &str, actual: &str| D::Renamed { declared: declared.into(), actual: actual.into() };
    for (declared, actual, expected) in [
        ("unique (a, b)", "unique (b, a)", vec![renamed("t_a_b_key", "t_b_a_key")]),
        ("", "unique u (a)", vec![undeclared("u")]),
        ("unique u (a)", "", vec![missing("u")]),
        ("unique u (a)", "index i (a) unique", vec![renamed("u", "i")]),
        ("index i (a)", "", vec![missing("i")]),
        // Nothing depends on an index that is not unique.
        ("", "index i (a)", vec![]),
        ("index i (a) unique where b > 0", "index i (a) unique", vec![undeclared("i"), missing("i")]),
        ("", "foreign key f (a) references other (id)", vec![undeclared("f")]),
        (
            "foreign key f (a) references other (id)",
            "foreign key f (a) references t (id)",
            vec![undeclared("f"), missing("f")],
        ),
        ("check c (a > 0)", "check c (a > 0)", vec![]),
        ("check c (a > 0)", "check c (a > 1)", vec![D::OtherCheck("c".into())]),
        // Under another name it is found by its columns.
        ("check c (a > 0)", "check d (a > 1)", vec![renamed("c", "d")]),
        ("check c (a > 0)", "check c (a > 0::integer)", vec![]),
    ] {
        assert_eq!(of_constraint(declared, actual), expected, "{declared} / {actual}");
    }
}

#[test]
fn a_constraint_on_columns_that_are_not_declared_does_not_matter() {
    assert_eq!(differences("a integer", "a integer\nb integer unique"), []);
    let found = differences("a integer\nb integer unique", "a integer");
    let column = ColumnName { table: "t".into(), column: "b".into() };
    assert_eq!(found, [Difference::Column(column, ColumnDifference::Missing)]);
}
