//! How fast a plan is proved, beside stateright (a model checker) on the same model in the same run.
//!
//! `cargo bench --bench prove_speed` prints tables. Every figure is the median of several runs, the sides in turn, in
//! seconds of the processor, so that what else the machine does counts little.

mod peer;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use miglab::plan::Plan;
use miglab::prove::{Proof, Verdict, prove};
use miglab::source::Source;
use miglab::{lab, syntax};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

const RUNS: usize = 7;
const REPEATS_AT_MOST: u32 = 1_000;

fn main() {
    states_per_second();
    typical_plans();
    a_large_plan();
    growth();
}

fn plan_of(text: &str) -> Plan {
    let parsed = syntax::parse(Source::new("bench.mig", text));
    assert!(parsed.diagnostics.is_empty(), "the plan is read: {:?}", parsed.diagnostics);
    Plan::resolve(&parsed.script, &[]).unwrap_or_else(|mistakes| panic!("the plan is resolved: {mistakes:?}"))
}

/// The seconds of the processor that something takes, on all its threads together.
fn seconds<T>(work: impl FnOnce() -> T) -> f64 {
    let begin = spent();
    std::hint::black_box(work());
    spent() - begin
}

/// Seconds of the processor since the program began.
fn spent() -> f64 {
    let usage = getrusage(UsageWho::RUSAGE_SELF).expect("the usage of this program");
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    std::time::Duration::from_micros(micros.try_into().expect("a time is positive")).as_secs_f64()
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

/// The median of `runs` runs after a warm-up, each repeated for about a millisecond.
fn timed<T>(runs: usize, work: impl Fn() -> T) -> f64 {
    let repeats = (1e-3 / seconds(&work).max(1e-6)).ceil();
    let round = || {
        (0..REPEATS_AT_MOST).take_while(|repeat| f64::from(*repeat) < repeats).for_each(|_| {
            std::hint::black_box(work());
        });
    };
    median((0..runs).map(|_| seconds(round) / repeats).collect())
}

fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).expect("counts of this benchmark are small"))
}

fn millions(states: usize, seconds: f64) -> f64 {
    count(states) / seconds / 1e6
}

/// A group with many states, as a plan and as a model for stateright.
fn states_per_second() {
    let plan = plan_of(peer::PLAN);
    let proof = prove(&plan);
    assert_eq!(proof.verdict(), Verdict::Proved, "{:?}", proof.refutations);
    assert_eq!(proof.groups.len(), 2, "the key, and the rest");
    let forward = states_of_the_largest(&proof);
    let (visited, discoveries) = peer::explore();
    assert_eq!(visited, forward, "the two models have the same states");
    assert_eq!(discoveries, 0, "both find nothing wrong");
    let rounds: Vec<[f64; 2]> = (0..RUNS).map(|_| round(&plan)).collect();
    let [ours, one] = [0, 1].map(|at| median(rounds.iter().map(|round| round[at]).collect()));
    println!("{:<58} {:>10} {:>12} {:>8}", "one group of linked columns", "states", "million/s", "ratio");
    let all = proof.states;
    let row = |what: &str, states: usize, seconds: f64| {
        let ratio = millions(all, ours) / millions(states, seconds);
        println!("{what:<58} {states:>10} {:>12.2} {ratio:>7.1}×", millions(states, seconds));
    };
    row("miglab, all of `prove`, rollbacks included", all, ours);
    row("miglab, all of `prove`, the way forward alone counted", forward, ours);
    row("stateright, breadth first", forward, one);
    println!();
}

/// One run of each side.
fn round(plan: &Plan) -> [f64; 2] {
    [seconds(|| prove(plan)), seconds(peer::explore)]
}

fn states_of_the_largest(proof: &Proof) -> usize {
    proof.groups.iter().map(|group| group.states).max().expect("a group")
}

fn scripts() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts");
    let entries = std::fs::read_dir(folder).expect("the folder of scripts");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "mig"));
    paths.sort();
    paths
}

fn typical_plans() {
    println!("{:<58} {:>10} {:>12}", "scripts/", "states", "µs");
    for path in scripts() {
        let source = Source::new(path.to_str().expect("paths of scripts are UTF-8"), read(&path));
        let plan = lab::open(source, &[]).unwrap_or_else(|error| panic!("{}: {error:?}", path.display())).plan;
        let states = prove(&plan).states;
        let time = timed(101, || prove(&plan));
        let name = path.file_name().expect("a name").to_string_lossy();
        println!("{name:<58} {states:>10} {:>12.1}", time * 1e6);
    }
    println!();
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).expect("the script is read")
}

fn a_large_plan() {
    let plan = plan_of(&renames(10));
    assert_eq!((plan.steps.len(), plan.apps.len()), (50, 6));
    let proof = prove(&plan);
    assert_eq!(proof.verdict(), Verdict::Proved, "{:?}", proof.refutations);
    println!("{:<58} {:>10} {:>12}", "50 statements, 6 apps, 10 independent groups", "states", "ms");
    println!("{:<58} {:>10} {:>12.2}\n", "", proof.states, timed(21, || prove(&plan)) * 1e3);
}

/// More and more groups: the time for each stays as it is.
fn growth() {
    println!("{:<58} {:>10} {:>12} {:>8}", "growth with independent groups", "states", "µs a group", "ratio");
    let mut first = None;
    for groups in [10, 20, 40, 80, 160] {
        let plan = plan_of(&renames(groups));
        let time = timed(21, || prove(&plan)) / count(groups) * 1e6;
        let ratio = time / *first.get_or_insert(time);
        println!("{:<58} {:>10} {time:>12.1} {ratio:>7.2}×", format!("{groups} groups"), prove(&plan).states);
    }
}

/// A plan that renames so many columns, through six versions of the application. Each column is a group of its own.
fn renames(columns: usize) -> String {
    let mut text = String::from("migration \"Renames\" on users\n\ntable users {\n    id integer primary key\n");
    for column in 0..columns {
        let _ = writeln!(text, "    c{column} text not null");
    }
    text.push_str("}\n");
    let names = |letter: &str| {
        let names: Vec<String> = (0..columns).map(|column| format!("{letter}{column}")).collect();
        names.join(", ")
    };
    let (old, new) = (names("c"), names("d"));
    for version in 1..=6 {
        let uses = if version <= 3 { &old } else { &new };
        let _ = writeln!(text, "app v{version} {{ uses {uses} }}");
    }
    for column in 0..columns {
        let _ = writeln!(text, "expand add column d{column} text");
        let _ = writeln!(text, "expand sync c{column} <-> d{column}");
    }
    for column in 0..columns {
        let _ = writeln!(text, "migrate backfill d{column} from c{column}");
    }
    for version in 2..=6 {
        let _ = writeln!(text, "deploy v{version}\nretire v{}", version - 1);
    }
    for column in 0..columns {
        let _ = writeln!(text, "contract drop column c{column}");
    }
    text
}
