//! `firewall info`.

use ipmi_wire::cmd::app::{CommandMask, CommandRange};

use super::Meant;
use super::state::{Masks, Parts, gather};
use crate::ipmitool::tool::{Ended, Tool};

/// That something is not supported is no failure.
pub(super) async fn info(tool: &Tool, meant: Meant) -> Ended {
    let state = gather(tool, meant).await;
    let (Some(lun), Some(netfn)) = (meant.lun, meant.netfn) else {
        for (lun, netfn, masks) in &state.masks {
            for (name, mask) in lines(masks) {
                tool.print(&format!("{lun:02x},{netfn:02x} {name:<13} {mask}\n"));
            }
        }
        return Ok(());
    };
    match (meant.command, state.of(lun, netfn)) {
        (Some(command), masks) => match masks.filter(|masks| Bits::of(masks, command).any()) {
            Some(masks) => show_one(tool, (lun, netfn, command), &masks, &state.parts),
            None => tool.error(&format!(
                "Command 0x{command:02x} not supported on LUN/NetFn pair {lun:02x},{netfn:02x}"
            )),
        },
        (None, Some(masks)) => {
            tool.print(&format!("Commands on LUN 0x{lun:02x}, NetFn 0x{netfn:02x}\n"));
            for (name, mask) in lines(&masks) {
                tool.print(&format!("{name:<13} {mask}\n"));
            }
        }
        (None, None) => {
            tool.error(&format!("LUN or LUN/NetFn pair {lun:02x},{netfn:02x} not supported"))
        }
    }
    Ok(())
}

fn lines(masks: &Masks) -> [(&'static str, String); 3] {
    [
        ("support:", bytes(masks.supported)),
        ("configurable:", bytes(masks.configurable)),
        ("enabled:", bytes(masks.enabled)),
    ]
}

/// As bytes on the wire, in groups of four.
fn bytes(halves: [CommandMask; 2]) -> String {
    let mut text = String::new();
    for (half, range) in halves.into_iter().zip(CommandRange::ALL) {
        let numbers: Vec<u8> = half.numbers(range).map(|number| number & 0x7f).collect();
        for byte in 0..16_u8 {
            let bits = numbers.iter().filter(|number| **number >> 3 == byte);
            let value = bits.fold(0_u8, |value, number| value | 1 << (number & 7));
            let gap = if byte % 4 == 3 { " " } else { "" };
            text.push_str(&format!("{value:02x}{gap}"));
        }
    }
    text
}

/// What is said of one command.
struct Bits {
    available: bool,
    configurable: bool,
    enabled: bool,
}

impl Bits {
    fn of(masks: &Masks, command: u8) -> Self {
        let has = |halves: [CommandMask; 2]| {
            let [lower, upper] = halves;
            if command < 0x80 { lower.has(command) } else { upper.has(command) }
        };
        Self {
            available: has(masks.available),
            configurable: has(masks.configurable),
            enabled: has(masks.enabled),
        }
    }

    const fn any(&self) -> bool {
        self.available || self.configurable || self.enabled
    }
}

fn show_one(tool: &Tool, (lun, netfn, command): (u8, u8, u8), masks: &Masks, parts: &Parts) {
    let mark = |set: bool| if set { 'X' } else { ' ' };
    let row = |available, configurable, enabled| {
        format!("| {} | {} | {} |\n", mark(available), mark(configurable), mark(enabled))
    };
    let bits = Bits::of(masks, command);
    tool.print("(A)vailable, (C)onfigurable, (E)nabled: | A | C | E |\n");
    tool.print("-----------------------------------------------------\n");
    tool.print(&format!(
        "LUN {lun}, NetFn 0x{netfn:02x}, Command 0x{command:02x}:        {}",
        row(bits.available, bits.configurable, bits.enabled)
    ));
    for number in 0..32_u8 {
        tool.print(&format!(
            "sub-function 0x{number:02x}:                      {}",
            row(
                parts.missing >> number & 1 == 0,
                parts.configurable.has(number),
                parts.enabled.has(number)
            )
        ));
    }
}
