//! The program, run on a database of its own, gate by gate, and killed now and then.

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use miglab::lab;
use miglab::plan::{Action, Plan, Step};
use miglab::source::Source;
use postgres::Client;

use super::table::{Table, Values};
use super::threads::Writers;
use crate::common::{Ran, miglab};

/// A plan under way on a table that is written to.
pub struct Program {
    pub table: Arc<Table>,
    pub writers: Writers,
    folder: tempfile::TempDir,
    /// How many processes were killed.
    pub killed: usize,
}

/// The plan of a script that may be run, or what is wrong with it.
pub fn plan_of(text: &str) -> Result<Arc<Plan>, String> {
    lab::open(Source::new("plan.mig", text), &[]).map(|lab| lab.plan).map_err(|error| format!("{error:?}"))
}

impl Program {
    /// A database with the table of a script and rows in it, with writers for all versions that are live from the start.
    pub fn new(url: &str, text: &str, plan: &Arc<Plan>, rows: i64, values: Values) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        std::fs::write(folder.path().join("plan.mig"), text).expect("it can be written to");
        let table = Arc::new(Table::create(plan, url, rows, values));
        let mut writers = Writers::of(&table);
        let is_deployed =
            |app: &str| plan.steps.iter().any(|step| matches!(&step.action, Action::Deploy(name) if **name == *app));
        for (seed, app) in (1..).zip(plan.apps.iter().filter(|app| !is_deployed(&app.name))) {
            writers.deploy(&app.name, seed);
        }
        Self { table, writers, folder, killed: 0 }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = miglab(args);
        command.args(["--db", &self.table.url]).current_dir(self.folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// How many statements are done, where the run has begun, and whether it is complete.
    fn position(client: &mut Client) -> Option<(usize, bool)> {
        let begun = client.query_one("select to_regclass('miglab.run') is not null", &[]).expect("it is asked");
        let sql = "select step, status = 'complete' from miglab.run";
        let row = begun.get::<_, bool>(0).then(|| client.query_opt(sql, &[]).expect("it is asked")).flatten()?;
        Some((usize::try_from(row.get::<_, i32>(0)).expect("a place in the plan"), row.get(1)))
    }

    fn gate_at(&self, step: usize) -> Option<&Step> {
        self.table.plan.steps.get(step).filter(|step| is_gate(step))
    }

    /// The next gate, or the end.
    fn stretch(&self, from: usize) -> usize {
        let steps = &self.table.plan.steps;
        (from..steps.len()).find(|at| is_gate(&steps[*at])).unwrap_or(steps.len())
    }

    /// Runs it to its end, gate by gate; at each, writers are switched. `kills` says after how many milliseconds a process
    /// is killed, if at all.
    pub fn carry_out(&mut self, kills: &mut dyn FnMut() -> Option<u64>) -> Result<usize, String> {
        self.carry_to(usize::MAX, kills)
    }

    /// The same, but it is left at this gate.
    pub fn carry_to(&mut self, last: usize, kills: &mut dyn FnMut() -> Option<u64>) -> Result<usize, String> {
        let mut client = self.table.connect();
        let give_up = Instant::now() + Duration::from_secs(120);
        self.writers.let_work(5);
        let mut passed = None;
        loop {
            let at = Self::position(&mut client);
            if at.is_some_and(|(_, complete)| complete) {
                break;
            }
            let is_at = |gate: &usize| at.is_some_and(|(step, _)| step == *gate);
            let confirmed = passed.filter(is_at).and_then(|gate| self.gate_at(gate).map(word));
            self.table.may_go_to(self.stretch(passed.map_or(0, |gate| gate + 1)));
            let mut args = if at.is_some() { vec!["resume"] } else { vec!["run", "plan.mig"] };
            if let Some(word) = &confirmed {
                args.extend(["--confirm", word]);
            }
            let Some(ran) = self.attempt(&args, kills()) else { continue };
            match ran.code {
                0 => break,
                4 => {
                    let (at, _) = Self::position(&mut client).expect("it has begun");
                    self.table.is_at(at);
                    if at == last {
                        return Ok(self.killed);
                    }
                    self.switch(at);
                    passed = Some(at);
                }
                _ if of_a_killed_one(&ran.err) && Instant::now() < give_up => {
                    std::thread::sleep(Duration::from_millis(20));
                }
                code => return Err(format!("{args:?} ended with {code}\n{}\n{}", ran.out, ran.err)),
            }
        }
        self.table.is_at(self.table.plan.steps.len());
        self.writers.let_work(5);
        Ok(self.killed)
    }

    /// Takes it back from a gate to its start, gate by gate; at each, writers are switched. Tells whether it could: behind
    /// the point of no return it is refused.
    pub fn take_back(&mut self, kills: &mut dyn FnMut() -> Option<u64>) -> Result<bool, String> {
        let mut client = self.table.connect();
        let give_up = Instant::now() + Duration::from_secs(120);
        let (mut from, _) = Self::position(&mut client).expect("it has begun");
        let mut confirmed: Option<String> = None;
        self.table.turns();
        self.table.may_go_back_to(self.stretch_back(from));
        loop {
            let at_gate = Self::position(&mut client).is_some_and(|(at, _)| at == from);
            let mut args = vec!["rollback"];
            if let Some(word) = confirmed.as_ref().filter(|_| at_gate) {
                args.extend(["--confirm", word]);
            }
            let Some(ran) = self.attempt(&args, kills()) else { continue };
            match ran.code {
                0 => break,
                1 if ran.err.contains("the point of no return is passed") => return Ok(false),
                4 => {
                    (from, _) = Self::position(&mut client).expect("it has begun");
                    self.table.is_back_at(from);
                    confirmed = Some(self.switch_back(from));
                    self.table.may_go_back_to(self.stretch_back(from - 1));
                }
                _ if ran.err.contains("there is nothing to undo") && self.killed > 0 => break,
                _ if of_a_killed_one(&ran.err) && Instant::now() < give_up => {
                    std::thread::sleep(Duration::from_millis(20));
                }
                code => return Err(format!("{args:?} ended with {code}\n{}\n{}", ran.out, ran.err)),
            }
        }
        self.table.is_back_at(0);
        self.writers.let_work(5);
        Ok(true)
    }

    /// How many statements are done at the gate that a way back comes to next, or at the start.
    fn stretch_back(&self, from: usize) -> usize {
        let is_gate = |at: &usize| matches!(self.table.plan.steps[*at].action, Action::Deploy(_) | Action::Retire(_));
        (0..from).rev().find(is_gate).map_or(0, |at| at + 1)
    }

    /// Switches writers where the statement before this position is to be undone; gives what confirms that.
    fn switch_back(&mut self, from: usize) -> String {
        let word = match &self.table.plan.steps[from - 1].action.clone() {
            Action::Deploy(app) => {
                self.writers.retire(app);
                app.to_string()
            }
            Action::Retire(app) => {
                self.table.may_go_back_to(from - 1);
                self.writers.deploy(app, from as u64 + 177);
                app.to_string()
            }
            other => panic!("{other:?} is no gate"),
        };
        self.writers.let_work(8);
        word
    }

    /// Lets it run; none where it was killed.
    fn attempt(&mut self, args: &[&str], kill_after_ms: Option<u64>) -> Option<Ran> {
        let mut child: Child = self.command(args).spawn().expect("the program is there");
        if let Some(ms) = kill_after_ms {
            std::thread::sleep(Duration::from_millis(ms));
            if child.try_wait().expect("it can be waited for").is_none() {
                child.kill().expect("it can be killed");
                child.wait().expect("it can be waited for");
                self.killed += 1;
                return None;
            }
        }
        Some(Ran::from(child.wait_with_output().expect("it can be waited for")))
    }

    /// Switches writers as the gate at this statement says.
    pub fn switch(&mut self, at: usize) {
        match &self.table.plan.steps[at].action.clone() {
            Action::Deploy(app) => {
                self.table.may_go_to(at + 1);
                self.writers.deploy(app, at as u64 + 77);
            }
            Action::Retire(app) => self.writers.retire(app),
            _ => {}
        }
        self.writers.let_work(8);
    }

    /// All writers end; gives what they found wrong.
    pub fn finish(self) -> Vec<String> {
        self.writers.finish()
    }
}

/// What is said while the server has not noticed yet that a process was killed, and does what it was told.
fn of_a_killed_one(said: &str) -> bool {
    ["another miglab works", "is not a gate that is ahead", "there is nothing to resume", "has begun already"]
        .iter()
        .any(|words| said.contains(words))
}

fn is_gate(step: &Step) -> bool {
    matches!(step.action, Action::Deploy(_) | Action::Retire(_) | Action::Confirm(_))
}

/// What confirms a gate.
fn word(step: &Step) -> String {
    match &step.action {
        Action::Deploy(app) => app.to_string(),
        Action::Retire(app) => format!("retire {app}"),
        Action::Confirm(text) => text.to_string(),
        _ => String::new(),
    }
}
