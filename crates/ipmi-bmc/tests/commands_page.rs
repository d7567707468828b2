//! `docs/commands.md` is what there is: it is made of the conformance table, the registry, and what
//! both ends make of them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;
mod table;
mod telling;
mod visible;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use ipmi_wire::{Access, CommandId, Entry, Privilege, registry};

use table::{Row, Rule, TABLE};
use telling::telling_bodies;
use visible::commands;

/// With LANTERN_DOCS=write the page is written instead.
#[test]
fn the_page_is_what_both_ends_know() {
    let write = std::env::var_os("LANTERN_DOCS").is_some_and(|word| word == "write");
    let path = root().join("docs/commands.md");
    let text = page();
    if write {
        fs::write(&path, &text).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == text, "run with LANTERN_DOCS=write, and look at the changes");
}

#[test]
fn the_client_is_found_to_ask_what_it_is_known_to_ask() {
    let asked = asked();
    let name = |id: &CommandId| TABLE[id].written.name.as_str();
    let asked: BTreeSet<&str> = asked.iter().map(name).collect();
    for known in ["Get Device ID", "Chassis Control", "Close Session", "Get SDR", "Clear SEL"] {
        assert!(asked.contains(known), "{known}");
    }
    for never in ["Set Sensor Type", "Partial Add SEL Entry"] {
        assert!(!asked.contains(never), "{never}");
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The commands that the client's sources name, with its own words and its sessions.
fn asked() -> BTreeSet<CommandId> {
    let mut words = BTreeSet::new();
    for part in ["ipmi-client/src", "ipmi-session/src/console", "lantern/src"] {
        read(&root().join("crates").join(part), &mut words);
    }
    let bodies = telling_bodies();
    let describe = |entry: &Entry| match bodies.get(entry.name) {
        Some(body) => (entry.describe_request)(body).unwrap(),
        // Only the client knows it: any body that it takes will do.
        None => (0..32).find_map(|length| (entry.describe_request)(&vec![0; length]).ok()).unwrap(),
    };
    registry::all()
        .filter(|entry| {
            // A command's type is what its description begins with.
            let described = describe(entry);
            let end = described.find(|c: char| !c.is_alphanumeric()).unwrap_or(described.len());
            words.contains(&described[..end])
        })
        .map(|entry| entry.id)
        .collect()
}

/// The words of all sources under `path`, without comments, and without tests and what they need.
fn read(path: &Path, words: &mut BTreeSet<String>) {
    for entry in fs::read_dir(path).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            if !["fake", "tests"].contains(&name) {
                read(&path, words);
            }
            continue;
        }
        if name == "tests.rs" || !name.ends_with(".rs") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        for line in text.lines() {
            let code = line.split("//").next().unwrap();
            words.extend(code.split(|c: char| !c.is_alphanumeric()).map(str::to_owned));
        }
    }
}

fn page() -> String {
    let asked = asked();
    let mut rows: Vec<&Row> = TABLE.values().collect();
    rows.sort_by_key(|row| row.group.0);
    let (all, served) = (rows.len(), commands().count());
    let mut page = INTRODUCTION.to_owned();
    write!(
        page,
        "\nOf {all} commands our BMC answers {served}, and our client asks {}.\n",
        asked.len()
    )
    .unwrap();
    for group in rows.chunk_by(|one, other| one.group.0 == other.group.0) {
        write!(page, "\n## {}\n\n{HEAD}", group[0].group.1).unwrap();
        for row in group {
            let served = commands().find(|entry| entry.id == row.id);
            let privilege = match served.map(|entry| (entry.access, row.rule)) {
                Some((Access::Session(ours), Rule::Local)) => {
                    format!("{}; ours: {}", row.written.privilege, word(ours))
                }
                _ => row.written.privilege.clone(),
            };
            let mandatory = match row.written.mandatory.as_str() {
                "always" => "yes".to_owned(),
                "never" => String::new(),
                condition => format!("with {condition}"),
            };
            let yes = |there: bool| if there { "yes" } else { "" };
            writeln!(
                page,
                "| {} | {} | {} | {privilege} | {mandatory} | {} | {} | {} |",
                row.id,
                row.written.name,
                row.section,
                yes(served.is_some()),
                yes(asked.contains(&row.id)),
                row.written.note.as_deref().unwrap_or_default(),
            )
            .unwrap();
        }
    }
    page
}

const fn word(privilege: Privilege) -> &'static str {
    match privilege {
        Privilege::Callback => "callback",
        Privilege::User => "user",
        Privilege::Operator => "operator",
        Privilege::Administrator | Privilege::Oem => "administrator",
    }
}

const INTRODUCTION: &str = "\
# Commands

Every command of IPMI v2.0, of DCMI v1.5 and of HPM.1 firmware upgrade: who may run it, whether a BMC has to have it, whether
ours answers it, and whether our client asks it by itself. `lantern raw` asks all of them.

**privilege** is the least that a session needs. What takes a session works on the system interface, too, without one; \"local\" is all
but the LAN. **mandatory** is what the specification says of a BMC that has what is named; nothing is no. A mandatory command that
our BMC lacks is in the list of `crates/ipmi-bmc/tests/conformance.rs`, with the reason.

This page is made from `vectors/commands.toml`, which says where each row is from, and from the sources; after a change,
`LANTERN_DOCS=write cargo test -p ipmi-bmc --test commands_page`.
";

const HEAD: &str = "\
| number | command | defined in | privilege | mandatory | our BMC | our client | remark |
|---|---|---|---|---|---|---|---|
";
