//! A console server, and the consoles that it keeps.

use std::path::Path;

use lantern_console::Row;
use schemars::JsonSchema;
use serde::Serialize;

use super::schema::Source;
use super::table::{Table, left, right};
use super::{Rows, View};

/// A console server that listens.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Running {
    consoles: usize,
    /// Where it listens.
    socket: String,
    /// Where its logs are.
    log_dir: String,
}

impl Running {
    pub(crate) fn new(consoles: usize, socket: &Path, log_dir: &Path) -> Self {
        let [socket, log_dir] = [socket, log_dir].map(|path| path.display().to_string());
        Self { consoles, socket, log_dir }
    }
}

impl View for Running {
    const SCHEMA: &'static str = "lantern.console_running/1";
    const SOURCE: Source = Source::Here;

    fn text(&self, _: Option<u16>) -> String {
        let Self { consoles, socket, log_dir } = self;
        let what =
            if *consoles == 1 { "1 console".to_owned() } else { format!("{consoles} consoles") };
        format!("{what} at {socket}, logs in {log_dir}\n")
    }
}

/// All consoles of a server.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct List {
    consoles: Vec<Listed>,
}

/// A console.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Listed {
    name: String,
    #[schemars(extend("enum" = ["opening", "open", "away"]))]
    state: &'static str,
    /// Since when that is so.
    since: String,
    /// Why it is away; null if it is not.
    why: Option<String>,
    /// What it has shown since it is kept.
    bytes: u64,
    /// Who shares it.
    attached: Vec<String>,
    /// Who of them writes; null if nobody does.
    writer: Option<String>,
}

impl List {
    pub(crate) fn new(rows: Vec<Row>) -> Self {
        let listed = |row: Row| {
            let Row { name, state, since, why, bytes, attached, writer } = row;
            Listed { name, state: state.name(), since, why, bytes, attached, writer }
        };
        Self { consoles: rows.into_iter().map(listed).collect() }
    }
}

impl View for List {
    const SCHEMA: &'static str = "lantern.console_list/1";
    const ROWS: Option<Rows> = Some(Rows { key: "consoles", schema: "lantern.console/1" });
    const SOURCE: Source = Source::Here;

    fn text(&self, width: Option<u16>) -> String {
        let columns = [
            left("NAME"),
            left("STATE"),
            left("SINCE"),
            right("BYTES"),
            left("WRITES"),
            right("HERE"),
            left("").flexible(),
        ];
        let mut table = Table::new(&columns);
        for console in &self.consoles {
            table.row([
                console.name.clone(),
                console.state.to_owned(),
                console.since.clone(),
                console.bytes.to_string(),
                console.writer.clone().unwrap_or_else(|| "-".to_owned()),
                console.attached.len().to_string(),
                console.why.clone().unwrap_or_default(),
            ]);
        }
        table.text(width)
    }
}
