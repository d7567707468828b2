//! `ipmi-fru`.

use crate::peers::fields::{Fields, hex};

/// What `ipmi-fru` says of one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FruDump {
    /// Name.
    pub name: String,
    /// Device ID.
    pub id: u8,
    /// Areas and records, each a paragraph. Fields are by FreeIPMI's names, without `FRU`.
    pub areas: Vec<Fields>,
}

impl FruDump {
    /// The first value of this name in any area.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.areas.iter().find_map(|area| area.get(name))
    }
}

/// Takes `ipmi-fru` apart. Wants `--quiet-cache`.
///
/// # Panics
/// If there is a line that has not the form `FRU name: value`.
#[must_use]
pub fn ipmi_fru(text: &str) -> Vec<FruDump> {
    let mut devices: Vec<FruDump> = Vec::new();
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("FRU Inventory Device: ") {
            let (name, id) = title.rsplit_once(" (ID ").expect("an ID in brackets");
            let id = u8::try_from(hex(id.trim_end_matches(')'))).expect("one byte");
            devices.push(FruDump { name: name.to_owned(), id, areas: Vec::new() });
            continue;
        }
        let Some(device) = devices.last_mut() else {
            assert!(line.is_empty(), "before any device: `{line}`");
            continue;
        };
        if line.is_empty() {
            device.areas.push(Fields::default());
            continue;
        }
        let field = line.strip_prefix("  FRU ").and_then(|field| field.split_once(": "));
        let (name, value) = field.unwrap_or_else(|| panic!("no field: `{line}`"));
        device.areas.last_mut().expect("a blank line follows the title").add(name, value);
    }
    for device in &mut devices {
        device.areas.retain(|area| !area.is_empty());
    }
    devices
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_are_paragraphs() {
        // From FreeIPMI 1.6.10-1 against the BMC of this repository, shortened.
        let devices = ipmi_fru(
            "\nFRU Inventory Device: Default FRU Device (ID 00h)\n\n  FRU Chassis Type: Rack Mount \
             Chassis\n\n  FRU DC Output Output Number: 1\n\n  FRU DC Output Output Number: 2\n\n\
             FRU Inventory Device: Inventory 3 (ID 03h)\n\n  FRU Error: board info area checksum \
             invalid\n",
        );
        assert_eq!((devices[0].id, devices[0].areas.len()), (0, 3));
        assert_eq!(devices[0].areas[2].expect("DC Output Output Number"), "2");
        assert_eq!(devices[1].get("Error"), Some("board info area checksum invalid"));
    }
}
