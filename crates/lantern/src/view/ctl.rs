//! What a control socket brings. The objects are the protocol's own; here is how people see them.

use lantern_bmcd::control::reply::{
    Bmcs, ConsoleInfo, ConsoleText, ConsoleTyped, Done, Event, EventKind, FaultInfo, Faults, Kind,
    LeaseInfo, Log, LogEntry, OnOff, QemuEnd, QemuInfo, QuirkNames, SelfTestInfo, SelfTestName,
    SensorInfo, Sensors, SessionInfo, SessionsInfo, Status, SystemInterfaceInfo,
};

use super::schema::Source;
use super::table::{Table, fields, left, right};
use super::{Rows, View, list, yes_no};

impl View for Bmcs {
    const SCHEMA: &'static str = "lantern.bmc_ctl_list/1";
    const ROWS: Option<Rows> = Some(Rows { key: "bmcs", schema: "lantern.bmc_ctl_bmc/1" });
    const SOURCE: Source = Source::Here;

    fn text(&self, width: Option<u16>) -> String {
        let mut table =
            Table::new(&[left("BMC"), left("MAINS"), left("POWER"), left("ADDRESSES").flexible()]);
        for bmc in &self.bmcs {
            let [mains, power] = [bmc.mains, bmc.power].map(|on| on.word().to_owned());
            table.row([bmc.name.clone(), mains, power, bmc.addresses.join(", ")]);
        }
        table.text(width)
    }
}

impl View for Status {
    const SCHEMA: &'static str = "lantern.bmc_ctl_status/1";
    const SOURCE: Source = Source::Here;

    fn text(&self, width: Option<u16>) -> String {
        let seconds = self.uptime_seconds;
        let quirks: Vec<_> = self.quirks.iter().map(String::as_str).collect();
        let none = |names: &[String]| match names {
            [] => "none".to_owned(),
            names => names.join(", "),
        };
        fields(
            width,
            [
                ("BMC", self.name.clone()),
                ("Addresses", self.addresses.join(", ")),
                ("System GUID", self.guid.clone()),
                (
                    "Running for",
                    format!("{} h {} min {} s", seconds / 3600, seconds / 60 % 60, seconds % 60),
                ),
                ("Mains", self.mains.word().to_owned()),
                ("Power", self.power.word().to_owned()),
                ("Restore policy", list(&[&self.power_restore_policy])),
                ("Last restart", list(&[&self.restart_cause])),
                ("Identification", self.identify.word().to_owned()),
                ("Sessions", format!("{} of {}", self.sessions, self.possible_sessions)),
                ("Sensors", self.sensors.to_string()),
                ("Set by hand", none(&self.overridden_sensors)),
                ("Event log", format!("{} entries", self.sel_entries)),
                ("Events were lost", yes_no(self.sel_overflow)),
                ("Self test", self.self_test.words().to_owned()),
                ("Watchdog", self.watchdog_milliseconds.map_or("off".to_owned(), countdown)),
                ("Locked out", none(&self.locked_out_users)),
                ("Refused packets", self.refused_datagrams.to_string()),
                ("Host", host(self.system_interface.as_ref())),
                ("For software", format!("{} messages wait", self.waiting_messages)),
                ("QEMU", qemu(self.qemu.as_ref())),
                ("Its last end", last_end(self.qemu.as_ref())),
                ("Quirks", list(&quirks)),
                ("Faults", none(&self.faults)),
            ],
        )
    }
}

/// Who is at the other end of the system interface.
fn host(interface: Option<&SystemInterfaceInfo>) -> String {
    match interface {
        None => "no system interface".to_owned(),
        Some(SystemInterfaceInfo { source, host: Some(host), .. }) => {
            format!("connected: {host} ({source})")
        }
        Some(SystemInterfaceInfo { source, .. }) => format!("not connected ({source})"),
    }
}

/// The process that is the machine.
fn qemu(qemu: Option<&QemuInfo>) -> String {
    let Some(QemuInfo { state, pid, adopted, .. }) = qemu else {
        return "none: the machine is something else".to_owned();
    };
    let pid = pid.map(|pid| format!(", process {pid}")).unwrap_or_default();
    let adopted = if *adopted { ", found running" } else { "" };
    format!("{}{pid}{adopted}", state.words())
}

/// How the last one ended, and what there is to know of that.
fn last_end(qemu: Option<&QemuInfo>) -> String {
    let Some(QemuEnd { time, pid, kind, says, printed }) = qemu.and_then(|q| q.last_end.as_ref())
    else {
        return "none".to_owned();
    };
    let pid = pid.map(|pid| format!(" process {pid}")).unwrap_or_default();
    let mut words = format!("{time}{pid}: {}", kind.words());
    for more in says.iter().chain(Some(printed).filter(|printed| !printed.is_empty())) {
        words.push_str(": ");
        words.push_str(more);
    }
    words
}

/// In the unit in which it counts, 100 ms.
fn countdown(milliseconds: u64) -> String {
    format!("runs out in {}.{} s", milliseconds / 1000, milliseconds / 100 % 10)
}

impl View for Sensors {
    const SCHEMA: &'static str = "lantern.bmc_ctl_sensors/1";
    const ROWS: Option<Rows> = Some(Rows { key: "sensors", schema: "lantern.bmc_ctl_sensor/1" });
    const SOURCE: Source = Source::Here;

    fn text(&self, width: Option<u16>) -> String {
        let mut table = Table::new(&[
            left("NUMBER"),
            left("SENSOR"),
            right("VALUE").tight(),
            left("UNIT"),
            left("BY HAND"),
            left("STATES").flexible(),
        ]);
        for sensor in &self.sensors {
            table.row(sensor_row(sensor));
        }
        table.text(width)
    }
}

fn sensor_row(sensor: &SensorInfo) -> [String; 6] {
    let states = match (sensor.kind, sensor.state_texts.as_slice(), sensor.states.as_slice()) {
        (_, _, []) => String::new(),
        // The specification has no words for an OEM's.
        (Kind::States, [], numbers) => {
            numbers.iter().map(u8::to_string).collect::<Vec<_>>().join(", ")
        }
        (_, texts, _) => texts.join(", "),
    };
    [
        format!("{:#04x}", sensor.number),
        sensor.name.clone(),
        match (sensor.available, sensor.value) {
            (false, _) => "-".to_owned(),
            (true, value) => value.map(decimal).unwrap_or_default(),
        },
        sensor.unit.clone().unwrap_or_default(),
        if sensor.overridden { "yes" } else { "" }.to_owned(),
        states,
    ]
}

/// With as many decimals as it has, and three at the most.
fn decimal(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

impl View for Log {
    const SCHEMA: &'static str = "lantern.bmc_ctl_sel/1";
    const ROWS: Option<Rows> = Some(Rows { key: "entries", schema: "lantern.bmc_ctl_sel_entry/1" });
    const SOURCE: Source = Source::Here;

    fn text(&self, width: Option<u16>) -> String {
        let mut table =
            Table::new(&[right("ID"), left("TIME"), left("SENSOR"), left("EVENT").flexible()]);
        for entry in &self.entries {
            let [time, sensor, event] = entry_words(entry);
            table.row([entry.record_id.to_string(), time, sensor, event]);
        }
        table.text(width)
    }
}

fn entry_words(entry: &LogEntry) -> [String; 3] {
    let time = entry.time.as_deref().unwrap_or("-").replace('T', " ");
    let number = entry.sensor_number.map(|number| format!("{number:#04x}"));
    let sensor = entry.sensor.clone().or(number).unwrap_or_else(|| "-".to_owned());
    let event = match (&entry.event, entry.asserted) {
        (Some(event), Some(false)) => format!("{event}: over"),
        (Some(event), _) => event.clone(),
        (None, _) => entry.record.clone(),
    };
    [time.trim_end_matches('Z').to_owned(), sensor, event]
}

impl View for Done {
    const SCHEMA: &'static str = "lantern.bmc_ctl_done/1";
    const SOURCE: Source = Source::Here;

    fn text(&self, _: Option<u16>) -> String {
        let Self { operation, outcome, power } = self;
        format!("{operation}: {}; power is {}\n", outcome.words(), power.word())
    }
}

impl View for QuirkNames {
    const SCHEMA: &'static str = "lantern.bmc_ctl_quirks/1";
    const SOURCE: Source = Source::Here;

    fn text(&self, width: Option<u16>) -> String {
        let [on, known] = [&self.quirks, &self.known]
            .map(|names| names.iter().map(String::as_str).collect::<Vec<_>>());
        fields(width, [("On", list(&on)), ("Known", list(&known))])
    }
}

impl View for Faults {
    const SCHEMA: &'static str = "lantern.bmc_ctl_faults/1";
    const ROWS: Option<Rows> = Some(Rows { key: "faults", schema: "lantern.bmc_ctl_fault/1" });
    const SOURCE: Source = Source::Here;

    fn text(&self, width: Option<u16>) -> String {
        if self.faults.is_empty() {
            return "No fault is on\n".to_owned();
        }
        let mut table =
            Table::new(&[left("FAULT"), left("ON"), left("WHAT THE BMC DOES").flexible()]);
        for fault in &self.faults {
            table.row(fault_row(fault));
        }
        table.text(width)
    }
}

fn fault_row(fault: &FaultInfo) -> [String; 3] {
    let FaultInfo { name, on, amount, counts, least, most, .. } = fault;
    let number = match (counts, least, most) {
        (Some(counts), Some(least), Some(most)) => format!("; N: {counts}, {least} to {most}"),
        _ => String::new(),
    };
    [
        match (counts, amount) {
            (_, Some(amount)) => format!("{name}={amount}"),
            (Some(_), None) => format!("{name}[=N]"),
            (None, None) => name.clone(),
        },
        if *on { "yes" } else { "" }.to_owned(),
        format!("{}{number}", fault.does),
    ]
}

impl View for SelfTestInfo {
    const SCHEMA: &'static str = "lantern.bmc_ctl_selftest/1";
    const SOURCE: Source = Source::Here;

    fn text(&self, _: Option<u16>) -> String {
        let Self { result, faults, detail_raw, overridden } = self;
        let names: Vec<_> = faults.iter().map(|flag| flag.name()).collect();
        let detail = match result {
            SelfTestName::Passed | SelfTestName::NotImplemented => String::new(),
            SelfTestName::Corrupted => format!(": {}", list(&names)),
            SelfTestName::Fatal | SelfTestName::Oem => format!(", code {detail_raw:#04x}"),
        };
        let whose = if *overridden { " (set by hand)" } else { "" };
        format!("Self test: {}{detail}{whose}\n", result.words())
    }
}

impl View for LeaseInfo {
    const SCHEMA: &'static str = "lantern.bmc_ctl_lease/1";
    const SOURCE: Source = Source::Here;

    fn text(&self, width: Option<u16>) -> String {
        let shown = |address: &Option<String>| address.clone().unwrap_or_else(|| "-".to_owned());
        let in_use = if self.in_use { "yes" } else { "no: the address does not come by DHCP" };
        fields(
            width,
            [
                ("Address", shown(&self.address)),
                ("Subnet mask", shown(&self.netmask)),
                ("Gateway", shown(&self.gateway)),
                ("In use", in_use.to_owned()),
            ],
        )
    }
}

impl View for SessionsInfo {
    const SCHEMA: &'static str = "lantern.bmc_ctl_sessions/1";
    const ROWS: Option<Rows> = Some(Rows { key: "sessions", schema: "lantern.bmc_ctl_session/1" });
    const SOURCE: Source = Source::Here;

    fn text(&self, width: Option<u16>) -> String {
        if self.sessions.is_empty() {
            return "No session\n".to_owned();
        }
        let mut table = Table::new(&[
            right("ID"),
            right("HANDLE"),
            left("USER"),
            left("PRIVILEGE"),
            left("CONSOLE"),
            right("SUITE"),
        ]);
        for session in &self.sessions {
            let suite = session.cipher_suite.map_or("-".to_owned(), |suite| suite.to_string());
            table.row([
                session.session.to_string(),
                session.handle.to_string(),
                session.user.clone(),
                session.privilege.clone(),
                session.console.clone(),
                suite,
            ]);
        }
        table.text(width)
    }
}

impl View for ConsoleInfo {
    const SCHEMA: &'static str = "lantern.bmc_ctl_console/1";
    const SOURCE: Source = Source::Here;

    fn text(&self, width: Option<u16>) -> String {
        let active: Vec<_> = self
            .active
            .iter()
            .map(|active| {
                let does = if active.instance == 1 { "writes" } else { "reads" };
                let (user, console) = (&active.user, &active.console);
                format!("{}: {user} from {console} {does}", active.instance)
            })
            .collect();
        let active = if active.is_empty() { "nobody".to_owned() } else { active.join(", ") };
        fields(
            width,
            [
                ("Wired to", self.source.clone()),
                ("Available", yes_no(self.available)),
                ("SOL enabled", yes_no(self.sol_enabled)),
                ("Had by", active),
                ("Instances", self.possible_instances.to_string()),
                ("Heard", format!("{} characters", self.heard)),
                ("Typed", format!("{} characters, {} breaks", self.typed, self.breaks)),
                ("History", format!("{} of {}", self.history, self.history_capacity)),
                ("Lost", format!("{} characters", self.lost)),
            ],
        )
    }
}

impl View for ConsoleText {
    const SCHEMA: &'static str = "lantern.bmc_ctl_console_text/1";
    const SOURCE: Source = Source::Here;

    /// Without what could do something to the terminal.
    fn text(&self, _: Option<u16>) -> String {
        let is_shown = |c: &char| !c.is_control() || matches!(c, '\n' | '\t');
        let mut text: String = self.text.chars().filter(is_shown).collect();
        if !text.ends_with('\n') {
            text.push('\n');
        }
        text
    }
}

impl View for ConsoleTyped {
    const SCHEMA: &'static str = "lantern.bmc_ctl_console_typed/1";
    const SOURCE: Source = Source::Here;

    fn text(&self, _: Option<u16>) -> String {
        format!("{} characters were typed\n", self.typed)
    }
}

impl View for Event {
    const SCHEMA: &'static str = "lantern.bmc_ctl_event/1";
    const SOURCE: Source = Source::Here;

    fn text(&self, _: Option<u16>) -> String {
        let now = self.now.map_or("-", OnOff::word);
        let session = self.session.as_ref().map(session_words).unwrap_or_default();
        let what = match self.event {
            EventKind::Mains => format!("mains {now}"),
            EventKind::Power => format!("power {now}"),
            EventKind::Identify => format!("identification light {now}"),
            EventKind::SessionOpened => format!("session opened: {session}"),
            EventKind::SessionClosed => format!("session closed: {session}"),
            EventKind::SelAdded => {
                let words = self.entry.as_ref().map(entry_words);
                let [_, sensor, event] = words.unwrap_or_default();
                format!("event: {sensor}: {event}")
            }
            EventKind::SelDeleted => {
                format!("event {} deleted", self.record_id.unwrap_or_default())
            }
            EventKind::SelCleared => "event log cleared".to_owned(),
            EventKind::SelMissed => {
                format!(
                    "{} changes of the event log are not shown",
                    self.missed.unwrap_or_default()
                )
            }
            EventKind::Control => {
                format!("control: {}", self.operation.as_deref().unwrap_or_default())
            }
        };
        let time = self.time.replace('T', " ");
        format!("{}  {}  {what}\n", time.trim_end_matches('Z'), self.bmc)
    }
}

fn session_words(session: &SessionInfo) -> String {
    let SessionInfo { session, user, console, privilege, .. } = session;
    format!("{session}, {user} from {console} as {privilege}")
}
