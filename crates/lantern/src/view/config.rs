//! `lantern.toml`: what is wrong with it, what it says, where it is. Secrets are never in it, and
//! where they are kept is shown, not looked up.

use ipmi_wire::bridge::Route;
use lantern_config::{Config, Effective, Kept, Mistake, Place, Row, Shown, Value as Filed};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::schema::Source;
use super::table::{Table, left};
use super::{Rows, View};
use crate::error::Exit;
use crate::settings::{Chosen, HostSettings, Wanted, Whence};

/// What is wrong with the files.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Check {
    /// Those that were read, the weakest first.
    files: Vec<String>,
    mistakes: usize,
    findings: Vec<Finding>,
}

/// Something that was found.
#[derive(Debug, Serialize, JsonSchema)]
struct Finding {
    /// A mistake has to be mended; a remark is about something that does not count.
    #[schemars(extend("enum" = ["mistake", "remark"]))]
    kind: &'static str,
    file: String,
    /// From 1; null if it is about the file as a whole.
    line: Option<usize>,
    column: Option<usize>,
    message: String,
}

impl Check {
    pub(crate) fn new(config: &Config, mistakes: &[Mistake]) -> Self {
        let finding = |kind, found: &Mistake| Finding {
            kind,
            file: found.file.display().to_string(),
            line: found.place.map(|(line, _)| line),
            column: found.place.map(|(_, column)| column),
            message: found.message.clone(),
        };
        let wrong = mistakes.iter().map(|found| finding("mistake", found));
        let remarks = config.remarks.iter().map(|found| finding("remark", found));
        Self {
            files: config.files.iter().map(|(_, path)| path.display().to_string()).collect(),
            mistakes: mistakes.len(),
            findings: wrong.chain(remarks).collect(),
        }
    }
}

impl View for Check {
    const SCHEMA: &'static str = "lantern.config_check/1";
    const ROWS: Option<Rows> = Some(Rows { key: "findings", schema: "lantern.config_finding/1" });
    const SOURCE: Source = Source::Here;

    fn text(&self, _: Option<u16>) -> String {
        let mut text = String::new();
        for Finding { kind, file, line, column, message } in &self.findings {
            let place = match (line, column) {
                (Some(line), Some(column)) => format!("{file}:{line}:{column}:"),
                _ => format!("{file}:"),
            };
            let kind = if *kind == "remark" { " (remark)" } else { "" };
            text += &format!("{}\n", super::plain::plain(&format!("{place}{kind} {message}")));
        }
        let files = match self.files.len() {
            0 => "no file".to_owned(),
            1 => "1 file".to_owned(),
            count => format!("{count} files"),
        };
        let mistakes = match self.mistakes {
            0 => "no mistake".to_owned(),
            1 => "1 mistake".to_owned(),
            count => format!("{count} mistakes"),
        };
        text + &format!("{files}, {mistakes}\n")
    }

    fn exit(&self) -> Option<Exit> {
        (self.mistakes > 0).then_some(Exit::Usage)
    }
}

/// Where files are looked for.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Paths {
    /// The weakest first.
    places: Vec<PlaceView>,
}

/// A place for a file.
#[derive(Debug, Serialize, JsonSchema)]
struct PlaceView {
    #[schemars(extend("enum" = ["system", "user", "project", "named"]))]
    layer: &'static str,
    path: String,
    /// Whether there is anything.
    exists: bool,
}

impl Paths {
    pub(crate) fn new(places: &[Place]) -> Self {
        let view = |place: &Place| PlaceView {
            layer: place.layer.name(),
            path: place.path.display().to_string(),
            exists: place.exists,
        };
        Self { places: places.iter().map(view).collect() }
    }
}

impl View for Paths {
    const SCHEMA: &'static str = "lantern.config_path/1";
    const ROWS: Option<Rows> = Some(Rows { key: "places", schema: "lantern.config_place/1" });
    const SOURCE: Source = Source::Here;

    fn text(&self, width: Option<u16>) -> String {
        if self.places.is_empty() {
            return "no file is looked for\n".to_owned();
        }
        let mut table = Table::new(&[left("LAYER"), left("THERE"), left("PATH").flexible()]);
        for PlaceView { layer, path, exists } in &self.places {
            table.row([(*layer).to_owned(), super::yes_no(*exists), path.clone()]);
        }
        table.text(width)
    }
}

/// What holds, and which line says so.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Settings {
    /// The host that it is about; null for all that the files say.
    host: Option<String>,
    settings: Vec<Setting>,
}

/// A value.
#[derive(Debug, Serialize, JsonSchema)]
struct Setting {
    /// As in the file's titles: `defaults`, `hosts.NAME` ...; null for what holds for one host.
    section: Option<String>,
    key: &'static str,
    /// Text, a number, true or false, or a list; of a credential where it is kept, in words.
    value: Value,
    #[schemars(extend("enum" = ["option", "environment", "file", "built_in"]))]
    source: &'static str,
    /// The option's or variable's name.
    name: Option<&'static str>,
    /// The file, and the line in it.
    file: Option<String>,
    line: Option<usize>,
    #[schemars(extend("enum" = ["system", "user", "project", "named", null]))]
    layer: Option<&'static str>,
}

impl Setting {
    fn new(section: Option<&str>, key: &'static str, value: Value, whence: &Whence) -> Self {
        let (source, name, origin) = match whence {
            Whence::Option(name) => ("option", Some(*name), None),
            Whence::Variable(name) => ("environment", Some(*name), None),
            Whence::File(origin) => ("file", None, Some(origin)),
            Whence::BuiltIn => ("built_in", None, None),
        };
        Self {
            section: section.map(str::to_owned),
            key,
            value,
            source,
            name,
            file: origin.map(|origin| origin.file.display().to_string()),
            line: origin.map(|origin| origin.line),
            layer: origin.map(|origin| origin.layer.name()),
        }
    }

    fn filed(section: &str, row: Row) -> Self {
        Self::new(Some(section), row.key, shown(row.value), &Whence::File(row.origin))
    }

    fn whence(&self) -> String {
        match (&self.file, self.line, self.name) {
            (Some(file), Some(line), _) => format!("{file}:{line}"),
            (_, _, Some(name)) => name.to_owned(),
            _ => "built in".to_owned(),
        }
    }
}

fn shown(value: Shown) -> Value {
    match value {
        Shown::Yes(yes) => yes.into(),
        // As a whole number, if it is one.
        Shown::Number(number) if number.fract() == 0.0 => json!(number as i64),
        Shown::Number(number) => json!(number),
        Shown::Text(text) => text.into(),
        Shown::List(list) => Value::Array(list.into_iter().map(shown).collect()),
    }
}

impl Settings {
    /// All that the files say.
    pub(crate) fn all(config: &Config) -> Self {
        let mut settings = Vec::new();
        let mut entry = |section: &str, rows: Vec<Row>| {
            settings.extend(rows.into_iter().map(|row| Setting::filed(section, row)));
        };
        entry("defaults", config.defaults.rows());
        for host in config.hosts() {
            entry(&format!("hosts.{}", host.pattern), host.entry.rows());
        }
        for (name, profile) in &config.profiles {
            entry(&format!("profiles.{name}"), profile.rows());
        }
        for (name, group) in &config.groups {
            let members = group.members.iter().map(|member| member.value.clone().into());
            let whence = Whence::File(group.origin.clone());
            let members = Value::Array(members.collect());
            settings.push(Setting::new(
                Some(&format!("groups.{name}")),
                "members",
                members,
                &whence,
            ));
        }
        for (name, credential) in &config.credentials {
            let section = format!("credentials.{name}");
            let whence = Whence::File(credential.origin.clone());
            let kept = kept(&credential.kept).into();
            settings.push(Setting::new(Some(&section), credential.kept.key(), kept, &whence));
        }
        Self { host: None, settings }
    }

    /// What holds for one host.
    pub(crate) fn of_host(settings: &HostSettings, effective: &Effective) -> Self {
        let mut rows = Vec::new();
        let mut row = |key, value: Value, whence: &Whence| {
            rows.push(Setting::new(None, key, value, whence));
        };
        let HostSettings {
            name,
            address,
            port,
            user,
            password,
            kg,
            privilege,
            suites,
            allow_insecure_suites,
            ipmi15,
            workarounds,
            refuses_replays,
            route,
            window,
            deadline,
            cache,
        } = settings;
        row("address", address.value.clone().into(), &address.whence);
        row("port", port.value.into(), &port.whence);
        if let Some(user) = user {
            row("user", user.value.clone().into(), &user.whence);
        }
        row("password", wanted(password).into(), &password.whence);
        if let Some(kg) = kg {
            row("kg", wanted(kg).into(), &kg.whence);
        }
        if let Some(Filed { value, origin }) = &effective.entry.profile {
            row("profile", value.clone().into(), &Whence::File(origin.clone()));
        }
        if let Some(Chosen { value, whence }) = privilege {
            row("privilege", value.name().to_lowercase().into(), whence);
        }
        match ipmi15 {
            None => {
                let numbers: Vec<_> = suites.value.iter().map(|suite| suite.0).collect();
                row("suites", json!(numbers), &suites.whence);
                row(
                    "allow_insecure_suites",
                    allow_insecure_suites.value.into(),
                    &allow_insecure_suites.whence,
                );
            }
            Some(types) => {
                row("allow_ipmi15", true.into(), &types.whence);
                let names: Vec<_> = types.value.iter().map(ToString::to_string).collect();
                row("auth_types", json!(names), &types.whence);
            }
        }
        let names: Vec<_> = workarounds.value.iter().map(|word| word.name()).collect();
        row("workarounds", json!(names), &workarounds.whence);
        row("refuses_replays", refuses_replays.value.into(), &refuses_replays.whence);
        if let Some(Chosen { value: Route { target, transit, local_address }, whence }) = route {
            row("target_address", target.address.into(), whence);
            row("target_channel", target.channel.number().into(), whence);
            if let Some(transit) = transit {
                row("transit_address", transit.address.into(), whence);
                row("transit_channel", transit.channel.number().into(), whence);
            }
            if let Some(local) = local_address {
                row("local_address", (*local).into(), whence);
            }
        }
        let most = window.value.map_or_else(|| "auto".into(), Value::from);
        row("window", most, &window.whence);
        row("deadline", shown(Shown::Number(deadline.value.as_secs_f64())), &deadline.whence);
        row("cache", cache.value.into(), &cache.whence);
        Self { host: Some(name.clone()), settings: rows }
    }
}

/// Where it is kept, in words; a program's arguments could be anything, and are not shown.
fn kept(kept: &Kept) -> String {
    kept.to_string()
}

fn wanted(wanted: &Wanted) -> String {
    match &wanted.credential {
        Some(name) => format!("credential '{name}': {}", wanted.source),
        None => wanted.source.to_string(),
    }
}

/// A value as people write it.
fn written(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(list) if list.is_empty() => "none".to_owned(),
        Value::Array(list) => list.iter().map(written).collect::<Vec<_>>().join(", "),
        Value::Bool(yes) => super::yes_no(*yes),
        other => other.to_string(),
    }
}

impl View for Settings {
    const SCHEMA: &'static str = "lantern.config_show/1";
    const ROWS: Option<Rows> = Some(Rows { key: "settings", schema: "lantern.config_setting/1" });
    const SOURCE: Source = Source::Here;

    fn text(&self, width: Option<u16>) -> String {
        if self.settings.is_empty() {
            return "nothing is set\n".to_owned();
        }
        let columns = [left("KEY"), left("VALUE").flexible(), left("FROM").flexible()];
        let mut table = Table::new(&columns);
        for setting in &self.settings {
            let key = match &setting.section {
                Some(section) => format!("{section}.{}", setting.key),
                None => setting.key.to_owned(),
            };
            table.row([key, written(&setting.value), setting.whence()]);
        }
        table.text(width)
    }
}
