//! What every kind of script lets its author choose.

use super::names::NameArg;

/// Options of every kind.
#[derive(clap::Args, Clone, Debug)]
pub struct Options {
    /// The title of the migration [default: what it does, in words]
    #[arg(long)]
    pub title: Option<String>,
    /// Rows in a batch of a backfill or a copy
    #[arg(long, value_name = "ROWS", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    pub batch: u32,
    /// The version of the application that is live before the migration
    #[arg(long, value_name = "NAME", default_value = "v1")]
    pub old_app: NameArg,
    /// The version that the migration deploys
    #[arg(long, value_name = "NAME", default_value = "v2")]
    pub new_app: NameArg,
    /// The primary key of the table, an integer
    #[arg(long, value_name = "COLUMN", default_value = "id")]
    pub key: NameArg,
}
