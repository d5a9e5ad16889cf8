//! `miglab schema`.

use std::io::{self, Write};

use clap::Args;

use super::Exit;
use super::database::{DatabaseArgs, failed};
use super::output::{Output, complain};
use crate::ast::Name;
use crate::database;
use crate::engine::postgres::Server;
use crate::phrase::did_you_mean;

/// Print the tables of a database as a script declares them
///
/// What the language cannot say about a table is listed in comments. The declarations can be pasted into a script, and
/// columns that the plan does not touch can be left out.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes:
  0  done
  2  the database could not be reached, or has no such table

Examples:
  miglab schema --db postgres://localhost/shop          every table of the search_path
  miglab schema --db postgres://localhost/shop users    one of them
  miglab schema --schema dump.sql users orders          from pg_dump --schema-only")]
pub struct SchemaArgs {
    /// The tables; without any, all that a script can name
    tables: Vec<String>,
    #[command(flatten)]
    database: DatabaseArgs,
}

/// Prints the declarations.
///
/// # Errors
/// Writing to `out` failed.
pub fn execute(args: &SchemaArgs, out: &mut Output) -> io::Result<Exit> {
    let Some(mut database) = args.database.open() else { return Ok(Exit::CouldNotRun) };
    let all = match database.all() {
        Ok(all) => all,
        Err(fault) => return Ok(failed(&fault)),
    };
    let wanted: Vec<Name> = args.tables.iter().map(|name| Name::from(name.as_str())).collect();
    if let Some(missing) = wanted.iter().find(|name| !all.contains(name)) {
        let meant = did_you_mean(missing, all.iter().map(|name| &**name));
        let help = meant.as_deref().unwrap_or("tables are looked for along the `search_path`");
        complain(&format!("the database has no table `{missing}`"), Some(help));
        return Ok(Exit::CouldNotRun);
    }
    let wanted = if wanted.is_empty() { all } else { wanted };
    match database.tables(&wanted) {
        Ok(server) => print(&server, &wanted, out),
        Err(fault) => Ok(failed(&fault)),
    }
}

fn print(server: &Server, wanted: &[Name], out: &mut Output) -> io::Result<Exit> {
    let mut only = server.clone();
    only.relations.retain(|name, _| wanted.contains(name));
    for (index, (name, relation)) in only.relations.iter().enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        let declaration = database::declaration(name, relation, server);
        for line in &declaration.left_out {
            writeln!(out, "# left out: {}", line.replace('\n', " "))?;
        }
        write!(out, "{}", declaration.text)?;
    }
    let views = database::view_declarations(&only);
    if !views.is_empty() {
        write!(out, "\n{views}")?;
    }
    Ok(Exit::Success)
}
