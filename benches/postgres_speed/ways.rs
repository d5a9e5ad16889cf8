//! The ways of giving a table a column that holds a translation of another.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use postgres::{Client, NoTls};

use crate::server::TestServer;

pub const TABLE: &str =
    "create table users (id integer primary key, name text not null, email text, n integer not null)";

const MIGLAB: &str = env!("CARGO_BIN_EXE_miglab");
const RESHAPE_VERSION: &str = "0.11.2";

/// Where a way is gone.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    pub server: &'a TestServer,
    pub url: &'a str,
}

/// A way.
pub struct Way {
    pub name: &'static str,
    does: Does,
}

enum Does {
    /// Nothing: how the clients fare without a migration.
    Idle,
    /// One `update` of all rows.
    Single,
    /// Updates of so many rows by hand, each a transaction.
    Batches(u32),
    /// `miglab run` with so many workers.
    Miglab(u32),
    /// `reshape migration start`.
    Reshape,
}

pub const WAYS: &[Way] = &[
    Way { name: "idle", does: Does::Idle },
    Way { name: "alter + single update", does: Does::Single },
    Way { name: "batches by hand, 10,000 rows", does: Does::Batches(10_000) },
    Way { name: "batches by hand, 1,000 rows", does: Does::Batches(1_000) },
    Way { name: "miglab, 1 job", does: Does::Miglab(1) },
    Way { name: "miglab, 2 jobs", does: Does::Miglab(2) },
    Way { name: "reshape", does: Does::Reshape },
];

impl Way {
    /// Whether the others are measured by it.
    pub fn is_base(&self) -> bool {
        matches!(self.does, Does::Single)
    }

    /// What is done once, before anything is measured.
    pub fn prepare(&self) {
        if matches!(self.does, Does::Reshape) {
            install_reshape();
        }
    }

    pub fn run(&self, scene: &Scene<'_>) {
        match self.does {
            Does::Idle => std::thread::sleep(Duration::from_secs(3)),
            Does::Single => sql(scene, &[ADD, "update users set display_name = reverse(name)"]),
            Does::Batches(size) => batches(scene, size),
            Does::Miglab(jobs) => miglab(scene, jobs),
            Does::Reshape => reshape(scene),
        }
    }
}

const ADD: &str = "alter table users add column display_name text";

fn sql(scene: &Scene<'_>, statements: &[&str]) {
    let mut client = Client::connect(scene.url, NoTls).expect("the server was reached before");
    statements.iter().for_each(|statement| client.batch_execute(statement).expect("a statement succeeds"));
}

fn batches(scene: &Scene<'_>, size: u32) {
    let mut client = Client::connect(scene.url, NoTls).expect("the server was reached before");
    client.batch_execute(ADD).expect("the column is added");
    let size = i32::try_from(size).expect("a batch is small");
    let last: i32 = client.query_one("select max(id) from users", &[]).expect("a key").get(0);
    let update =
        client.prepare("update users set display_name = reverse(name) where id > $1 and id <= $2").expect("sql");
    let mut after = 0;
    while after < last {
        client.execute(&update, &[&after, &(after + size)]).expect("a batch succeeds");
        after += size;
    }
}

const SCRIPT: &str = "migration \"Say names backwards\" on users

table users {
    id    integer primary key
    name  text not null
    email text
    n     integer not null
}
app v1 { reads id, name, email  writes id, name, email, n }
app v2 { reads id, display_name, email  writes id, display_name, email, n }

expand  add column display_name text
expand  sync display_name from reverse(name)
expand  sync name from reverse(display_name)
migrate backfill display_name from reverse(name)
deploy  v2
";

fn miglab(scene: &Scene<'_>, jobs: u32) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let script = folder.path().join("backwards.mig");
    std::fs::write(&script, SCRIPT).expect("the script is written");
    let mut command = Command::new(MIGLAB);
    command.arg("run").arg(&script).args(["--db", scene.url, "--yes", "--quiet", "--jobs", &jobs.to_string()]);
    succeed(&mut command);
}

fn peers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peers")
}

fn install_reshape() {
    if peers().join("bin/reshape").exists() {
        return;
    }
    let mut cargo = Command::new("cargo");
    cargo.args(["install", "reshape", "--locked", "--version", RESHAPE_VERSION, "--root"]).arg(peers());
    assert!(
        cargo.status().is_ok_and(|status| status.success()),
        "reshape cannot be installed: building it needs libclang (`apt-get install libclang-dev`)"
    );
}

const RESHAPE: &str = r#"
[[actions]]
type = "alter_column"
table = "users"
column = "name"
up = "reverse(name)"
down = "reverse(name)"

    [actions.changes]
    name = "display_name"
    type = "TEXT"
"#;

fn reshape(scene: &Scene<'_>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::create_dir(folder.path().join("migrations")).expect("a folder is made");
    std::fs::write(folder.path().join("migrations/1_backwards.toml"), RESHAPE).expect("the migration is written");
    let mut command = Command::new(peers().join("bin/reshape"));
    let host = scene.server.folder().display().to_string();
    command.args(["migration", "start", "--host", &host, "--database", "bench", "--username", "miglab"]);
    succeed(command.args(["--password", ""]).current_dir(folder.path()));
}

fn succeed(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?} failed: {out}{err}");
}
