//! What makers of BMCs add to their events.

use ipmi_wire::{NetFn, Request};

use super::boards::{Naming, naming};
use super::entry::Entry;
use super::meanings::meaning;
use crate::ipmitool::sdr::names;
use crate::ipmitool::tool::Tool;

const DELL: u32 = 674;
const QUANTA: u32 = 7244;
const SUPERMICRO: [u32; 2] = [10_876, 47_488];

/// Who made the BMC, as far as it says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Maker {
    number: Option<u32>,
    /// The version of IPMI that it speaks, as the byte that it says so with.
    version: u8,
    /// Supermicro's number of the board, if the BMC gives it.
    board: Option<u16>,
}

/// What a maker says of an event.
type Addition = Option<String>;

impl Maker {
    pub(super) async fn ask(tool: &Tool) -> Self {
        let Ok(bmc) = tool.bmc() else { return Self::default() };
        let Ok(id) = bmc.device_id().await else { return Self::default() };
        let number = Some(id.manufacturer_id);
        let mut maker = Self { number, version: id.ipmi_version, board: None };
        if maker.is_supermicro() {
            let request =
                Request { netfn: NetFn::from_number(0x30), lun: 0, cmd: 0x21, data: vec![] };
            let answer = tool.send_raw(request).await.filter(|answer| answer.completion.is_ok());
            let board = answer.and_then(|answer| answer.data.first_chunk().copied());
            maker.board = board.map(u16::from_le_bytes).filter(|board| *board != 0);
        }
        maker
    }

    /// The maker's number, if the BMC gives it.
    pub(super) const fn number(self) -> Option<u32> {
        self.number
    }

    fn is_supermicro(self) -> bool {
        self.number.is_some_and(|number| SUPERMICRO.contains(&number))
    }

    /// Whether it names memory modules its own way.
    pub(super) fn names_modules(self) -> bool {
        self.is_supermicro() || self.number == Some(QUANTA)
    }

    /// A type of sensor in words.
    pub(super) fn sensor_type(self, number: u8) -> &'static str {
        names::sensor_type(number, self.number)
    }

    /// The event in words.
    pub(super) fn describe(self, entry: &Entry) -> Option<String> {
        let Entry { sensor_type, event_type, data, .. } = *entry;
        if matches!(event_type, 0x70..0x7f) {
            return None;
        }
        let addition = self.addition(entry);
        let meaning = meaning(sensor_type, event_type, data, self.number);
        match (meaning, addition) {
            (Some(meaning), Some(addition)) => Some(format!("{meaning} ({addition})")),
            (Some(meaning), None) => Some(meaning.to_owned()),
            (None, Some(addition)) => alone(sensor_type, data, &addition),
            (None, None) => None,
        }
    }

    fn addition(self, entry: &Entry) -> Addition {
        let [first, ..] = entry.data;
        if entry.event_type != 0x6f {
            return None;
        }
        if self.is_supermicro() {
            return supermicro(entry, self.board);
        }
        if self.number == Some(QUANTA) {
            // Which module it is, only some of its boards say.
            return (entry.sensor_type == 0x0c).then(String::new);
        }
        let says_more = first & 0xc0 == 0x80 || first & 0x30 == 0x20;
        let is_dells = says_more || (first == 0xc1 && entry.sensor == 0x23);
        (self.number == Some(DELL) && is_dells).then(|| dell(entry, self.version))
    }
}

/// What a maker says, where there is nothing else to be said.
fn alone(sensor_type: u8, data: [u8; 3], addition: &str) -> Option<String> {
    let [first, ..] = data;
    let is_known = match sensor_type {
        0xd0 => return Some(addition.to_owned()),
        0x0f => first & 0x0f == 0x0f,
        0xc1 => matches!(first & 0x0f, 1..=3),
        0xc2 => matches!(first & 0x0f, 0 | 2),
        0xc3 => first & 0x0f == 1,
        _ => false,
    };
    is_known.then(|| format!("({addition})"))
}

/// Supermicro's. Of most events it has nothing to say, and is quoted with that.
fn supermicro(entry: &Entry, board: Option<u16>) -> Addition {
    let [first, second, third] = entry.data;
    Some(match (entry.sensor_type, first, second, third) {
        (0x0c, ..) => module(naming(board?), second, third),
        (0xd0, 0x80, 0x00, 0xff) => "BMC unexpected reset".to_owned(),
        (0xd0, 0x80, 0x01, 0xff) => "BMC cold reset".to_owned(),
        (0xd0, 0x80, 0x02, 0xff) => "BMC warm reset".to_owned(),
        _ => String::new(),
    })
}

/// Which module of Supermicro's it is.
fn module(naming: Naming, second: u8, third: u8) -> String {
    let (slot, place) = (second >> 4, second & 0x0f);
    let named = |further: u8, processors: u8| {
        let slot = char::from(slot.wrapping_add(0x40).wrapping_add(further));
        let place = char::from(place.wrapping_add(0x27));
        format!("@DIMM{slot}{place}(CPU{:x})", (third & processors).saturating_add(1))
    };
    match naming {
        Naming::Hexadecimal => {
            format!("@DIMM{second:2X}(CPU{:x})", (third & 0x03).saturating_add(1))
        }
        Naming::Stepped(step) => named((third & 0x03).saturating_mul(step), 0x03),
        Naming::Risers => {
            let (riser, number) = (if slot > 4 { 2 } else { 1 }, i16::from(place) - 9);
            let slot = char::from(slot.wrapping_add(b'@'));
            format!("@DIMM{slot}{number}(P{}M{riser})", (third & 0x0f).saturating_add(1))
        }
        Naming::Plain(processors) => named(0, processors),
    }
}

/// Dell's, for events that say in their first byte that the others are Dell's.
fn dell(entry: &Entry, version: u8) -> String {
    let [first, second, third] = entry.data;
    let (state, second_is, third_is) = (first & 0x0f, first & 0x80 != 0, first & 0x20 != 0);
    let both = second_is && third_is;
    match entry.sensor_type {
        0x07 => processor(entry),
        0x0c | 0x10 => memory(entry, version),
        0x20 if both && state == 0 => match third {
            0x01 => "BIOS TXT Error",
            0x02 => "Processor/FIT TXT",
            0x03 => "BIOS ACM TXT Error",
            0x04 => "SINIT ACM TXT Error",
            0xff => "Unrecognized TT Error12",
            _ => "",
        }
        .to_owned(),
        0x23 if first == 0xc1 && second == 0x04 => {
            "Hard Reset|Interrupt type None,SMS/OS Timer used at expiration".to_owned()
        }
        0x2b if both && state == 2 && second == 2 => match third {
            0x00 => "between BMC/iDRAC Firmware and other hardware",
            0x01 => "between BMC/iDRAC Firmware and CPU",
            _ => "",
        }
        .to_owned(),
        0xc1 if entry.sensor == 0x25 => match state {
            1 => {
                let at = if both { format!(" at {}", device(entry)) } else { String::new() };
                format!("Failed to program Virtual Mac Address{at}")
            }
            2 => "Device option ROM failed to support link tuning or flex address".to_owned(),
            3 => "Failed to get link tuning or flex address data from BMC/iDRAC".to_owned(),
            _ => String::new(),
        },
        0x13 | 0xc2 | 0xc3 => bus(entry),
        0x0f if state == 0x0f && second_is => post(second).to_owned(),
        _ => String::new(),
    }
}

fn processor(entry: &Entry) -> String {
    let [first, second, third] = entry.data;
    let state = first & 0x0f;
    if first & 0xc0 != 0x80 {
        return String::new();
    }
    // Whatever was said before it is overwritten by which processor it is.
    match second {
        0 if state == 0 => "CPU Internal Err | ".to_owned(),
        0 if state == 6 => "CPU Protocol Err | ".to_owned(),
        0 => String::new(),
        _ => {
            let which = second.trailing_zeros().saturating_add(1);
            match state == 6 && entry.sensor == 0x0a {
                true => format!("FSB {which} "),
                false => format!("CPU {which} | APIC ID {third} "),
            }
        }
    }
}

fn memory(entry: &Entry, version: u8) -> String {
    let [first, second, third] = entry.data;
    let (state, second_is, third_is) = (first & 0x0f, first & 0x80 != 0, first & 0x20 != 0);
    let is_memory = entry.sensor_type == 0x0c;
    let is_old = version == 0x51;
    let mut text = String::new();
    match (second_is || third_is, is_memory, state) {
        (true, true, 0) if entry.sensor == 0x1c => {
            return if second_is && third_is { checksum(second, third) } else { text };
        }
        (true, true, 0) => text.push_str("Correctable ECC | "),
        (true, true, 1) => text.push_str("UnCorrectable ECC | "),
        (true, false, 0) => text.push_str("Corr Memory Log Disabled | "),
        (false, false, 3) => text.push_str("All Even Logging Disabled"),
        _ => {}
    }
    let card = second >> 4;
    let mut bank = 0;
    if second_is {
        if card < 8 {
            text.push_str(&format!("Card {}", letter(card)));
        }
        match second & 0x0f {
            0x0f => {}
            place if is_old => text.push_str(&format!("Bank {}", place.saturating_add(1))),
            place => bank = place.wrapping_shl(3),
        }
    }
    if third_is {
        if is_old {
            text.push_str(&format!("DIMM {}", letter(third)));
        } else {
            text.push_str(&modules(card, bank, third));
        }
    }
    text
}

/// The modules whose bits are set. Cards from 8 on are processors with so many modules each.
fn modules(card: u8, bank: u8, bits: u8) -> String {
    let each = match card {
        0x09 => Some(6),
        0x0a => Some(8),
        0x0b => Some(9),
        0x0c => Some(12),
        0x0d => Some(24),
        0x0e => Some(3),
        0x08 => Some(4),
        _ => None,
    };
    let set = (0..8_u8).filter(|bit| bits.wrapping_shr(u32::from(*bit)) & 1 == 1);
    let names: Vec<String> = set
        .map(|bit| bank.wrapping_add(bit))
        .map(|place| match each {
            Some(each) => {
                let node = letter(place.checked_div(each).unwrap_or(0));
                let module = place.checked_rem(each).unwrap_or(0).saturating_add(1);
                format!(" DIMM{node}{module}")
            }
            None => format!(" DIMM{}", u16::from(place).saturating_add(1)),
        })
        .collect();
    names.join(",")
}

fn checksum(second: u8, third: u8) -> String {
    const KINDS: [(u8, &str); 4] = [
        (0x01, "South Bound Memory"),
        (0x02, "South Bound Config"),
        (0x04, "North Bound memory"),
        (0x08, "North Bound memory-corr"),
    ];
    let set = KINDS.iter().filter(|(bit, _)| second & bit != 0).map(|(_, text)| *text);
    let kinds: Vec<&str> = set.collect();
    let channel = match third {
        0xff => String::new(),
        channel => format!("|Failing_Channel:{channel}"),
    };
    format!("CRC Error on:{}{channel}", kinds.join(","))
}

fn letter(place: u8) -> char {
    char::from(b'A'.wrapping_add(place))
}

/// A PCI device.
fn device(entry: &Entry) -> String {
    let [_, second, third] = entry.data;
    let (bus, device, function) = (third & 0x7f, (second >> 3) & 0x1f, second & 7);
    format!("bus:{bus:02x} device:{device:02x} function:{function:x}")
}

fn bus(entry: &Entry) -> String {
    let [first, second, third] = entry.data;
    let state = first & 0x0f;
    if entry.sensor == 0x29 {
        if state != 2 || first & 0xa0 != 0xa0 {
            return String::new();
        }
        let width = if third & 0xfc == 0 { "LinkWidthDegraded|" } else { "" };
        let partner = if third & 2 != 0 { "PA_Type:IOH" } else { "PA-Type:CPU" };
        let agent = if third & 1 != 0 { "RA-Type:IOH" } else { "RA-Type:CPU" };
        return format!(
            "Partner-(LinkId:{},AgentId:{})|ReportingAgent(LinkId:{},AgentId:{})|{width}{partner}|{agent}",
            second & 0xc0,
            second & 0x30,
            second & 0x0c,
            second & 0x03
        );
    }
    let what = match state {
        2 => return "IO channel Check NMI".to_owned(),
        0 => "PCIe Error |",
        1 => "I/O Error |",
        4 => "PCI PERR |",
        5 => "PCI SERR |",
        _ => " ",
    };
    match third & 0x80 {
        0 => format!("{what}PCI {}", device(entry)),
        _ => format!("{what}Slot {}", third & 0x7f),
    }
}

const fn post(code: u8) -> &'static str {
    match code {
        0x80 => "No memory is detected.",
        0x81 => "Memory is detected but is not configurable.",
        0x82 => "Memory is configured but not usable.",
        0x83 => "System BIOS shadow failed.",
        0x84 => "CMOS failed.",
        0x85 => "DMA controller failed.",
        0x86 => "Interrupt controller failed.",
        0x87 => "Timer refresh failed.",
        0x88 => "Programmable interval timer error.",
        0x89 => "Parity error.",
        0x8a => "SIO failed.",
        0x8b => "Keyboard controller failed.",
        0x8c => "System management interrupt initialization failed.",
        0x8d => "TXT-SX Error.",
        0xc0 => "Shutdown test failed.",
        0xc1 => "BIOS POST memory test failed.",
        0xc2 => "RAC configuration failed.",
        0xc3 => "CPU configuration failed.",
        0xc4 => "Incorrect memory configuration.",
        0xfe => "General failure after video.",
        _ => "",
    }
}
