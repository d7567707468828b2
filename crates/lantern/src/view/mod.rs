//! How results look: one small struct per result, made from the client's typed answers. Each has a
//! table for people and, through serde, an object for programs.
//!
//! What programs read is a promise: names and meanings within one schema version do not change.
//! Numbers are numbers, units are spelled out, raw values are kept, times are ISO 8601 in UTC, and
//! what is absent is null with a reason beside it.

pub(crate) mod boot;
pub(crate) mod channel;
pub(crate) mod chassis;
pub(crate) mod config;
pub(crate) mod console;
pub(crate) mod controller;
pub(crate) mod ctl;
pub(crate) mod dcmi;
pub(crate) mod event;
mod events;
pub(crate) mod explain;
pub(crate) mod firewall;
pub(crate) mod form;
pub(crate) mod fru;
pub(crate) mod lan;
pub(crate) mod learned;
pub(crate) mod local;
pub(crate) mod mc;
pub(crate) mod number;
pub(crate) mod nvram;
pub(crate) mod oem;
pub(crate) mod outcome;
pub(crate) mod panel;
pub(crate) mod pef;
pub(crate) mod plain;
pub(crate) mod power;
pub(crate) mod raw;
pub(crate) mod schema;
pub(crate) mod sdr;
pub(crate) mod sel;
pub(crate) mod sensor;
pub(crate) mod session;
mod setting;
pub(crate) mod sol;
pub(crate) mod sysinfo;
pub(crate) mod table;
pub(crate) mod time;
pub(crate) mod user;
pub(crate) mod vendors;
pub(crate) mod watchdog;

use ipmi_client::Location;
use schemars::JsonSchema;
use serde::Serialize;

use crate::cli::Format;
use crate::error::{Error, Exit};
pub(crate) use form::{Origin, Share};
use schema::Source;

/// A result that can be shown.
pub(crate) trait View: Serialize + JsonSchema {
    /// What the object is, and its version.
    const SCHEMA: &'static str;
    /// What a line is, where a result is one of many. Else it is one line itself.
    const ROWS: Option<Rows> = None;
    /// Where it is from.
    const SOURCE: Source = Source::Bmc;

    /// For people, in lines; broken at `width` columns, if one is given.
    fn text(&self, width: Option<u16>) -> String;

    /// How the command ends that has this result, if not well.
    fn exit(&self) -> Option<Exit> {
        None
    }
}

/// Which part of a result is many, and what each of them is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rows {
    /// The name of the list.
    pub(crate) key: &'static str,
    /// What an item is, and its version.
    pub(crate) schema: &'static str,
}

/// A result of any kind.
pub(crate) trait Show {
    /// As the user wants it.
    fn render(&self, format: Format, address: Option<&Location>) -> Result<Vec<u8>, Error>;

    /// The same, to be put together with the results of other BMCs.
    fn share(&self, format: Format, origin: Origin<'_>) -> Result<Share, Error>;

    /// How the command ends, if not well.
    fn exit(&self) -> Option<Exit>;
}

impl<V: View> Show for V {
    fn render(&self, format: Format, address: Option<&Location>) -> Result<Vec<u8>, Error> {
        form::render(self, format, address).map(String::into_bytes)
    }

    fn share(&self, format: Format, origin: Origin<'_>) -> Result<Share, Error> {
        form::share(self, format, origin)
    }

    fn exit(&self) -> Option<Exit> {
        View::exit(self)
    }
}

/// One of many that come one by one.
pub(crate) fn render_next<V: View>(
    view: &V,
    format: Format,
    address: &Location,
) -> Result<String, Error> {
    form::render_next(view, format, Origin { host: None, address: Some(address) })
}

/// The same, where they may be from many BMCs.
pub(crate) fn render_next_of<V: View>(
    view: &V,
    format: Format,
    origin: Origin<'_>,
) -> Result<String, Error> {
    form::render_next(view, format, origin)
}

/// One of many that come one by one, and are from no BMC that was logged in to.
pub(crate) fn render_next_here<V: View>(view: &V, format: Format) -> Result<String, Error> {
    form::render_next(view, format, Origin::default())
}

/// What stands above them in CSV.
pub(crate) fn render_header<V: View>() -> Result<String, Error> {
    form::header::<V>(false)
}

/// The same, where they are from many BMCs.
pub(crate) fn render_header_of_many<V: View>() -> Result<String, Error> {
    form::header::<V>(true)
}

/// What no BMC was asked for. A line of its own in JSON, for whoever waits for it.
pub(crate) fn render_here<V: View>(view: &V, format: Format) -> Result<String, Error> {
    match format {
        Format::Csv => form::render(view, format, None),
        format => form::render_next(view, format, Origin::default()),
    }
}

/// Bytes for a file, as they are in any form.
pub(crate) struct Bytes(pub(crate) Vec<u8>);

impl Show for Bytes {
    fn render(&self, _: Format, _: Option<&Location>) -> Result<Vec<u8>, Error> {
        Ok(self.0.clone())
    }

    fn share(&self, _: Format, _: Origin<'_>) -> Result<Share, Error> {
        Err(Error::usage("bytes of many BMCs cannot be told apart in one stream"))
    }

    fn exit(&self) -> Option<Exit> {
        None
    }
}

/// Nothing to show (any more): the end of a command whose results came one by one.
pub(crate) struct Ended(pub(crate) Option<Exit>);

impl Show for Ended {
    fn render(&self, _: Format, _: Option<&Location>) -> Result<Vec<u8>, Error> {
        Ok(Vec::new())
    }

    fn share(&self, _: Format, _: Origin<'_>) -> Result<Share, Error> {
        Err(Error::usage("what is shown at once cannot be put together with others'"))
    }

    fn exit(&self) -> Option<Exit> {
        self.0
    }
}

/// What several commands had to say to one of many BMCs, kept until all is done.
#[derive(Debug, Default)]
pub(crate) struct Transcript {
    text: String,
    exit: Option<Exit>,
}

impl Transcript {
    /// What one more command came to.
    pub(crate) fn add(&mut self, share: Share) {
        match share {
            Share::Text(text) | Share::Lines(text) => self.text.push_str(&text),
            // Refused before anything is sent.
            Share::Object(_) | Share::Rows { .. } => {}
        }
    }

    /// How it ended.
    pub(crate) fn ended(self, exit: Option<Exit>) -> Self {
        Self { exit, ..self }
    }
}

impl Show for Transcript {
    fn render(&self, _: Format, _: Option<&Location>) -> Result<Vec<u8>, Error> {
        Ok(self.text.clone().into_bytes())
    }

    fn share(&self, format: Format, _: Origin<'_>) -> Result<Share, Error> {
        Ok(match format {
            Format::Jsonl => Share::Lines(self.text.clone()),
            _ => Share::Text(self.text.clone()),
        })
    }

    fn exit(&self) -> Option<Exit> {
        self.exit
    }
}

/// `yes` or `no`.
pub(crate) fn yes_no(yes: bool) -> String {
    if yes { "yes" } else { "no" }.to_owned()
}

/// The names of the flags that are set.
pub(crate) fn set<const N: usize>(flags: [(bool, &'static str); N]) -> Vec<&'static str> {
    flags.into_iter().filter(|(set, _)| *set).map(|(_, name)| name).collect()
}

/// Names in a row, with blanks in the place of underscores.
pub(crate) fn list(names: &[&str]) -> String {
    match names {
        [] => "none".to_owned(),
        names => names.join(", ").replace('_', " "),
    }
}

/// Why a BMC does not tell.
pub(crate) fn reason(error: &ipmi_client::Error) -> String {
    error.kind.to_string()
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A BCD byte with its digits swapped: 02h is 2.0, 51h is 1.5.
pub(crate) fn version(byte: u8) -> String {
    format!("{}.{}", byte & 0x0f, byte >> 4)
}

/// The schemas of all that this program ever writes, with their names.
#[cfg(test)]
fn kinds() -> Vec<(&'static str, serde_json::Value)> {
    use lantern_bmcd::control::reply;
    let mut kinds = crate::output::kinds();
    kinds.extend(crate::fleet::kinds());
    macro_rules! views {
        ($($view:ty),* $(,)?) => { $(kinds.extend(schema::of::<$view>());)* };
    }
    views![
        power::PowerStatus,
        power::PowerControl,
        chassis::Status,
        chassis::Identified,
        chassis::Restart,
        chassis::Poh,
        chassis::Capabilities,
        panel::Policy,
        panel::PolicySet,
        panel::FrontPanel,
        panel::PanelSet,
        panel::CycleInterval,
        boot::Options,
        boot::Changed,
        boot::MailboxView,
        mc::Info,
        mc::GuidView,
        mc::SelfTestView,
        mc::ResetView,
        explain::CodeList,
        vendors::List,
        vendors::Facts,
        watchdog::WatchdogView,
        controller::EnablesView,
        sysinfo::Names,
        sysinfo::NameSet,
        controller::AcpiView,
        controller::Interfaces,
        event::Events,
        event::Sent,
        session::Session,
        session::List,
        session::Closed,
        console::Running,
        console::List,
        sol::Deactivated,
        sol::Looped,
        sol::Info,
        sol::Set,
        user::List,
        user::Summary,
        user::Info,
        user::Added,
        user::Changed,
        user::Removed,
        user::Tested,
        user::PayloadsOf,
        channel::List,
        channel::Info,
        channel::Changed,
        channel::Auth,
        channel::Ciphers,
        channel::Payloads,
        channel::Keys,
        channel::KeySet,
        pef::Info,
        pef::Status,
        pef::Filters,
        pef::Policies,
        pef::Strings,
        pef::Changed,
        dcmi::Capabilities,
        dcmi::Power,
        dcmi::Averages,
        dcmi::Limit,
        dcmi::Text,
        dcmi::Sensors,
        dcmi::Temperatures,
        dcmi::Thermal,
        dcmi::Configuration,
        dcmi::Changed,
        firewall::Info,
        firewall::Changed,
        raw::Raw,
        raw::Explained,
        raw::Read,
        sdr::Info,
        sdr::List,
        sdr::Get,
        sdr::Types,
        sdr::Dumped,
        sdr::Replayed,
        sdr::CacheView,
        sdr::CacheCleared,
        sensor::List,
        sensor::Get,
        sensor::ThresholdsSet,
        sensor::HysteresisSet,
        sensor::Enables,
        sensor::Rearmed,
        sel::Info,
        sel::List,
        sel::Get,
        sel::Added,
        sel::Deleted,
        sel::Cleared,
        sel::Saved,
        sel::Clock,
        sel::ClockSet,
        sel::Offset,
        fru::List,
        fru::Print,
        fru::Saved,
        fru::Written,
        config::Check,
        config::Paths,
        learned::Lessons,
        learned::Forgotten,
        config::Settings,
        lan::Show,
        lan::Alerts,
        lan::Set,
        lan::Stats,
        lan::Arps,
        local::Status,
        local::Load,
        nvram::Nvram,
        nvram::NvramReset,
        crate::commands::bmc::Running,
        crate::commands::sim::FleetRunning,
        reply::Bmcs,
        reply::Status,
        reply::Sensors,
        reply::Log,
        reply::Done,
        reply::QuirkNames,
        reply::Faults,
        reply::SelfTestInfo,
        reply::LeaseInfo,
        reply::ConsoleInfo,
        reply::ConsoleText,
        reply::ConsoleTyped,
        reply::SessionsInfo,
        reply::Event,
    ];
    // The same row may be of several lists.
    kinds.sort_by_key(|(name, _)| *name);
    kinds.dedup();
    let names: std::collections::BTreeSet<_> = kinds.iter().map(|(name, _)| *name).collect();
    assert_eq!(names.len(), kinds.len(), "two kinds have one name: {names:?}");
    kinds
}
