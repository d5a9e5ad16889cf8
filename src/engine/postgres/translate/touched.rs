//! Which rows applications have written since a statement has filled them: triggers forget what is kept of a row as soon
//! as an application writes it. So a rollback need not guess by comparing values: a value that was changed away and
//! back, or a row that was deleted and inserted again with the same key, is what an application wrote.
//!
//! A write counts where it gives a watched column a value, also the one that it has, or where the value comes out
//! another one.

use crate::engine::postgres::translate::kept::KeptValues;
use crate::engine::postgres::translate::sync::NO_BACKFILL;
use crate::engine::postgres::{Cost, Lock, LockMode, Operation, Work, quote};

/// The triggers on a table of whose rows something is kept.
pub(super) struct Watch<'a> {
    pub(super) kept: &'a KeptValues,
    /// The table, quoted and with its schema.
    pub(super) relation: &'a str,
    /// The columns whose writes count: quoted, and what is true where it changes between the rows `old` and `new`.
    pub(super) columns: Vec<(String, String)>,
}

/// The triggers, in the order in which they fire: a row that is written and moved is forgotten first.
const KINDS: [&str; 5] = ["1_given", "2_changed", "3_moved", "4_deleted", "5_emptied"];

impl KeptValues {
    /// The table is made before anything is replaced, and rows that applications write from then on are forgotten.
    pub(super) fn creation(&self, columns: &[(&str, &str)], watch: &Watch<'_>) -> Operation {
        let key = self.key.iter().enumerate().map(|(at, column)| format!("k{} {} not null", at + 1, column.ty));
        let rest = columns.iter().map(|(name, ty)| format!("{name} {ty}"));
        let primary: Vec<String> = (1..=self.key.len()).map(|at| format!("k{at}")).collect();
        let parts: Vec<String> = key.chain(rest).chain([format!("primary key ({})", primary.join(", "))]).collect();
        let create = format!("create table {} ({})", self.name, parts.join(", "));
        let create = std::iter::once(create).chain(watch.begin()).collect();
        let drop = watch.end().into_iter().chain([format!("drop table if exists {}", self.name)]);
        let drop = Work::Ddl(drop.collect());
        let lock = Lock { relation: watch.relation.to_owned(), mode: LockMode::ShareRowExclusive };
        let title =
            "create a table for the values that are replaced, and triggers that forget those of rows written since";
        Operation {
            purge: vec![drop.clone()],
            ..Operation::new(title, Work::Ddl(create), lock, Cost::Instant, vec![drop])
        }
    }
}

impl Watch<'_> {
    fn trigger(&self, kind: &str) -> String {
        quote::ident(&format!("zzz_miglab_4_{}_{kind}", self.kept.number))
    }

    /// The statements that begin it.
    pub(super) fn begin(&self) -> Vec<String> {
        let function = self.kept.own_name("touched");
        // What is kept belongs to the owner of the plan: the role of an application need not be allowed to write it.
        let create = format!(
            "create or replace function {function}() returns trigger language plpgsql security definer \
             set search_path from current as {}",
            quote::dollar(&self.body())
        );
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| name.as_str()).collect();
        let changes: Vec<&str> = self.columns.iter().map(|(_, changes)| changes.as_str()).collect();
        let keys = self.kept.key.iter().map(|key| &key.name);
        let moves: Vec<String> = keys.map(|key| format!("old.{key} is distinct from new.{key}")).collect();
        let row = |event: &str, condition: &str| format!("{event} on {} for each row{condition}", self.relation);
        let events = [
            row(&format!("update of {}", names.join(", ")), &format!(" when ({NO_BACKFILL})")),
            row("update", &format!(" when ({NO_BACKFILL} and ({}))", changes.join(" or "))),
            row("update", &format!(" when ({NO_BACKFILL} and ({}))", moves.join(" or "))),
            row("delete", ""),
            format!("truncate on {} for each statement", self.relation),
        ];
        let triggers = KINDS.iter().zip(events).map(|(kind, event)| {
            let argument = if kind.ends_with("moved") { "'moved'" } else { "" };
            format!("create trigger {} after {event} execute function {function}({argument})", self.trigger(kind))
        });
        std::iter::once(create).chain(triggers).collect()
    }

    fn body(&self) -> String {
        let kept = self.kept;
        let side = &kept.name;
        let of_old = kept.same_row("old", "s");
        let new: Vec<String> =
            kept.key.iter().enumerate().map(|(at, key)| format!("k{} = new.{}", at + 1, key.name)).collect();
        format!(
            "
begin
    if tg_op = 'TRUNCATE' then
        delete from {side};
        return null;
    end if;
    if tg_nargs > 0 and not exists (select from {side} as s where {of_new}) then
        update {side} as s set {new} where {of_old};
        return null;
    end if;
    delete from {side} as s where {of_old};
    return null;
end
",
            of_new = kept.same_row("new", "s"),
            new = new.join(", "),
        )
    }

    /// The statements that end it.
    pub(super) fn end(&self) -> Vec<String> {
        let drop = |kind| format!("drop trigger if exists {} on {}", self.trigger(kind), self.relation);
        let function = format!("drop function if exists {}()", self.kept.own_name("touched"));
        KINDS.iter().map(|kind| drop(*kind)).chain([function]).collect()
    }
}
