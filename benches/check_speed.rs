//! How fast `miglab check` is, beside squawk (a linter of SQL migrations) in the same run.
//!
//! `cargo bench --bench check_speed` prints a table of ratios. squawk is installed from `PyPI` into `target/peers`; the
//! peer for start-up is an empty Rust program. Every figure is the median of several runs, the two sides in turn.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};

const MIGLAB: &str = env!("CARGO_BIN_EXE_miglab");
const SQUAWK_VERSION: &str = "2.70.0";
const RUNS: usize = 5;

fn main() {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some("--measure") {
        return measure_here(&arguments.collect::<Vec<_>>());
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let squawk = install_squawk();
    println!("{:<58} {:>10} {:>10} {:>8}", "", "miglab", "peer", "ratio");
    one_large_file(folder.path(), &squawk);
    many_small_files(folder.path(), &squawk);
    growth(folder.path());
    start_up(folder.path());
}

/// Wall seconds and peak memory of one process.
#[derive(Clone, Copy)]
struct Cost {
    seconds: f64,
    peak_kib: f64,
}

/// Runs a command in a process of its own, so that the peak memory is that of this command alone.
fn measure(command: &[String]) -> Cost {
    let here = std::env::current_exe().expect("the path of this program");
    let output = Command::new(here).arg("--measure").args(command).output().expect("this program runs");
    let text = String::from_utf8_lossy(&output.stdout);
    let mut numbers = text.split_whitespace().map(|number| number.parse().expect("two numbers"));
    let mut next = || numbers.next().unwrap_or_else(|| panic!("no measurement of {command:?}: {text}"));
    Cost { seconds: next(), peak_kib: next() }
}

fn measure_here(command: &[String]) {
    let begin = Instant::now();
    let status = Command::new(&command[0]).args(&command[1..]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    let seconds = begin.elapsed().as_secs_f64();
    let code = status.expect("the command starts").code();
    assert!(matches!(code, Some(0 | 1)), "{command:?} ended with {code:?}");
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("the usage of children");
    println!("{seconds} {}", usage.max_rss());
}

/// The medians of both commands, run in turn after a warm-up.
fn compare(ours: &[String], peer: &[String]) -> (Cost, Cost) {
    measure(ours);
    measure(peer);
    let pairs: Vec<(Cost, Cost)> = (0..RUNS).map(|_| (measure(ours), measure(peer))).collect();
    (median(pairs.iter().map(|pair| pair.0)), median(pairs.iter().map(|pair| pair.1)))
}

fn median(costs: impl Iterator<Item = Cost>) -> Cost {
    let middle = |mut numbers: Vec<f64>| {
        numbers.sort_by(f64::total_cmp);
        numbers[numbers.len() / 2]
    };
    let (seconds, peaks) = costs.map(|cost| (cost.seconds, cost.peak_kib)).unzip();
    Cost { seconds: middle(seconds), peak_kib: middle(peaks) }
}

fn row(what: &str, ours: f64, peer: f64, unit: &str, ratio: f64) {
    println!("{what:<58} {ours:>8.3} {unit} {peer:>8.3} {unit} {ratio:>7.2}×");
}

fn words(command: &[&str]) -> Vec<String> {
    command.iter().map(ToString::to_string).collect()
}

fn text_of(path: &Path) -> &str {
    path.to_str().expect("temporary paths are UTF-8")
}

fn one_large_file(folder: &Path, squawk: &str) {
    let script = folder.join("large.mig");
    let sql = folder.join("large.sql");
    let text = plan(100_000);
    std::fs::write(&script, &text).expect("written");
    std::fs::write(&sql, sql_of(100_000)).expect("written");
    let ours = words(&[MIGLAB, "check", "--format", "json", text_of(&script)]);
    let peer = words(&[squawk, "--reporter", "json", text_of(&sql)]);
    let (ours, peer) = compare(&ours, &peer);
    row("100,000 statements in one file", ours.seconds, peer.seconds, "s", peer.seconds / ours.seconds);
    let input_kib = count(text.len()) / 1024.0;
    row(
        "  peak memory, and its ratio to the input (KiB)",
        ours.peak_kib,
        peer.peak_kib,
        " ",
        ours.peak_kib / input_kib,
    );
}

fn many_small_files(folder: &Path, squawk: &str) {
    let (scripts, sqls) = (folder.join("mig"), folder.join("sql"));
    std::fs::create_dir_all(&scripts).expect("a folder");
    std::fs::create_dir_all(&sqls).expect("a folder");
    let mut peer = words(&[squawk, "--reporter", "json"]);
    for index in 0..2_000 {
        std::fs::write(scripts.join(format!("{index:04}.mig")), plan(8)).expect("written");
        let sql = sqls.join(format!("{index:04}.sql"));
        std::fs::write(&sql, sql_of(8)).expect("written");
        peer.push(text_of(&sql).to_owned());
    }
    let ours = words(&[MIGLAB, "check", "--format", "json", text_of(&scripts)]);
    let (ours, peer) = compare(&ours, &peer);
    row("2,000 files of 8 statements", ours.seconds, peer.seconds, "s", peer.seconds / ours.seconds);
}

/// Twice the statements: the columns are the time for n and for 2n.
fn growth(folder: &Path) {
    type Case = (&'static str, fn(usize) -> String, &'static str, usize);
    let cases: [Case; 3] = [
        ("growth, no findings, 100,000 → 200,000", plan, "human", 100_000),
        ("growth, a finding a statement, human, 20,000 → 40,000", faulty_plan, "human", 20_000),
        ("growth, a finding a statement, json, 20,000 → 40,000", faulty_plan, "json", 20_000),
    ];
    for (what, make, format, statements) in cases {
        let paths: Vec<PathBuf> = [1, 2]
            .map(|times| {
                let path = folder.join(format!("growth-{format}-{times}.mig"));
                std::fs::write(&path, make(statements * times)).expect("written");
                path
            })
            .to_vec();
        let command = |path: &Path| words(&[MIGLAB, "check", "--format", format, text_of(path)]);
        let (once, twice) = compare(&command(&paths[0]), &command(&paths[1]));
        row(what, once.seconds, twice.seconds, "s", twice.seconds / once.seconds);
    }
}

fn start_up(folder: &Path) {
    let source = folder.join("empty.rs");
    let empty = folder.join("empty");
    std::fs::write(&source, "fn main() {}").expect("written");
    let built = Command::new("rustc").args(["-O", "-o"]).arg(&empty).arg(&source).status().expect("rustc starts");
    assert!(built.success(), "rustc failed");
    let loops = |program: &str| {
        words(&["sh", "-c", &format!("i=0; while [ $i -lt 200 ]; do {program} --version >/dev/null; i=$((i+1)); done")])
    };
    let (ours, peer) = compare(&loops(MIGLAB), &loops(text_of(&empty)));
    row(
        "200 times `--version`, beside an empty Rust program",
        ours.seconds,
        peer.seconds,
        "s",
        ours.seconds / peer.seconds,
    );
}

/// A plan of so many statements, a column to each four, all of it in order, with a comment for each column as
/// `miglab new` writes them; [`sql_of`] has the same comments.
fn plan(statements: usize) -> String {
    let columns = statements / 4;
    let mut text = String::from("migration \"Large\" on users\n\ntable users {\n    id integer primary key\n");
    for column in 0..columns {
        let _ = writeln!(text, "    username_{column} text");
    }
    text.push_str("}\n\n");
    for column in 0..columns {
        let _ = writeln!(text, "# Add the new name beside the old one; no version knows it yet.");
        let _ = writeln!(text, "expand add column display_name_{column} text");
        let _ = writeln!(text, "expand add index on users (display_name_{column})");
    }
    for column in 0..columns {
        let _ =
            writeln!(text, "migrate backfill display_name_{column} from lower(username_{column}) in batches of 1000");
    }
    for column in 0..columns {
        let _ = writeln!(text, "contract drop column username_{column}");
    }
    text
}

/// A plan in which every second statement names a column that is not there.
fn faulty_plan(statements: usize) -> String {
    let mut text = String::from(
        "migration \"Faulty\" on users\n\ntable users {\n    id integer primary key\n    username text\n}\n\n",
    );
    for column in 0..statements / 2 {
        let _ = writeln!(text, "expand add column display_name_{column} text");
    }
    for column in 0..statements / 2 {
        let _ = writeln!(text, "migrate backfill display_name_{column} from lower(username_{column})");
    }
    text
}

/// SQL with as many statements that do the same.
fn sql_of(statements: usize) -> String {
    let mut text = String::new();
    for column in 0..statements / 4 {
        let _ = writeln!(text, "-- Add the new name beside the old one; no version knows it yet.");
        let _ = writeln!(text, "ALTER TABLE users ADD COLUMN display_name_{column} text;");
        let _ = writeln!(text, "CREATE INDEX CONCURRENTLY users_{column}_idx ON users (display_name_{column});");
    }
    for column in 0..statements / 4 {
        let _ = writeln!(text, "UPDATE users SET display_name_{column} = lower(username_{column});");
    }
    for column in 0..statements / 4 {
        let _ = writeln!(text, "ALTER TABLE users DROP COLUMN username_{column};");
    }
    text
}

fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).expect("files of this benchmark are small"))
}

/// squawk from `PyPI`, in a virtual environment under `target`.
fn install_squawk() -> String {
    let venv = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peers/squawk");
    let squawk = venv.join("bin/squawk");
    if !squawk.exists() {
        let run = |program: &Path, arguments: &[&str]| {
            let done = Command::new(program).args(arguments).stdout(Stdio::null()).status();
            assert!(done.is_ok_and(|status| status.success()), "{} {arguments:?} failed", program.display());
        };
        run(Path::new("python3"), &["-m", "venv", text_of(&venv)]);
        run(&venv.join("bin/pip"), &["install", "--quiet", &format!("squawk-cli=={SQUAWK_VERSION}")]);
    }
    text_of(&squawk).to_owned()
}
