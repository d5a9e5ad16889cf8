//! Threads that write as one version each, until it is retired.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use miglab::ast::Name;

use super::table::Table;

/// Threads of each live version.
pub struct Writers {
    table: Arc<Table>,
    threads: BTreeMap<Name, Vec<JoinHandle<()>>>,
}

impl Writers {
    pub fn of(table: &Arc<Table>) -> Self {
        Self { table: Arc::clone(table), threads: BTreeMap::new() }
    }

    /// A version is deployed: a thread with a connection of its own writes as it.
    pub fn deploy(&mut self, app: &Name, seed: u64) {
        self.table.begins(app);
        let (table, name) = (Arc::clone(&self.table), app.clone());
        let thread = std::thread::spawn(move || write(&table, &name, seed));
        self.threads.entry(app.clone()).or_default().push(thread);
    }

    /// A version is retired: when this is over nobody writes or reads as it.
    pub fn retire(&mut self, app: &Name) {
        self.table.ends(app);
        for thread in self.threads.remove(app).unwrap_or_default() {
            thread.join().expect("faults are noted, not thrown");
        }
    }

    /// Lets them do some work.
    pub fn let_work(&self, writes: usize) {
        let (wanted, give_up) = (self.table.writes() + writes, Instant::now() + Duration::from_secs(60));
        let works =
            |app: &Name| self.threads.get(app).is_some_and(|threads| threads.iter().any(|one| !one.is_finished()));
        while self.table.writes() < wanted && self.threads.keys().any(works) {
            assert!(Instant::now() < give_up, "the writers do not write");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// All of them end, and what they have written is looked at once more.
    pub fn finish(mut self) -> Vec<String> {
        self.table.stop();
        for thread in std::mem::take(&mut self.threads).into_values().flatten() {
            thread.join().expect("faults are noted, not thrown");
        }
        self.table.read_all();
        self.table.faults()
    }
}

fn write(table: &Table, name: &Name, seed: u64) {
    let mut client = table.connect();
    let app = table.app(name);
    let mut state = seed;
    let mut dice = move |limit: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).expect("31 bits") % limit.max(1)
    };
    while !table.is_stopped() && table.use_some_row(&app, &mut client, &mut dice) {
        std::thread::sleep(Duration::from_millis(1));
    }
}
