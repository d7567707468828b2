//! Inventory: `fru print`.

use crate::peers::fields::Fields;

/// What `fru print` says of one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FruPrint {
    /// Name.
    pub name: String,
    /// Device ID; `None` for one behind another controller.
    pub id: Option<u8>,
    /// Fields, by ipmitool's names.
    pub fields: Fields,
    /// With `-v`: multirecords, each with its title, such as `DC Output Record`.
    pub records: Vec<(String, Fields)>,
}

const FIELDS: [&str; 20] = [
    "Chassis Type",
    "Chassis Part Number",
    "Chassis Serial",
    "Chassis Extra",
    "Board Mfg Date",
    "Board Mfg",
    "Board Product",
    "Board Serial",
    "Board Part Number",
    "Board FRU ID",
    "Board Extra",
    "Product Manufacturer",
    "Product Name",
    "Product Part Number",
    "Product Version",
    "Product Serial",
    "Product Asset Tag",
    "Product FRU ID",
    "Product Extra",
    "FRU Device Description",
];

/// Takes `fru print` apart, of one device or of all.
///
/// # Panics
/// If there is a line that is not known.
#[must_use]
pub fn fru_print(text: &str) -> Vec<FruPrint> {
    let mut devices: Vec<FruPrint> = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        if let Some(title) = line.strip_prefix("FRU Device Description : ") {
            let (name, id) = match title.rsplit_once(" (ID ") {
                Some((name, id)) => (name, id.trim_end_matches(')').parse().ok()),
                // "@72h" follows in the log; the line ends with the name, padded.
                None => (title, None),
            };
            let name = name.trim_end().to_owned();
            devices.push(FruPrint { name, id, fields: Fields::default(), records: Vec::new() });
            continue;
        }
        if devices.is_empty() {
            // `fru print 1` has no title.
            let (name, fields) = (String::new(), Fields::default());
            devices.push(FruPrint { name, id: None, fields, records: Vec::new() });
        }
        devices.last_mut().expect("just added").add(line);
    }
    devices
}

impl FruPrint {
    fn add(&mut self, line: &str) {
        if let Some(why) = line.trim_start().strip_prefix("Device not present") {
            self.fields.add("Device not present", why);
        } else if line.ends_with(" Record") && !line.contains(": ") {
            self.records.push((line.trim().to_owned(), Fields::default()));
        } else if let (Some(field), Some((_, record))) =
            (line.strip_prefix("  "), self.records.last_mut())
        {
            let (name, value) = field.split_once(':').unwrap_or_else(|| panic!("`{line}`"));
            record.add(name.trim(), value);
        } else {
            self.fields.push(line, &FIELDS);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_with_their_fields() {
        // From ipmitool 1.8.19-4+deb12u2 against the BMC of this repository, shortened.
        let devices = fru_print(
            "FRU Device Description : Builtin FRU Device (ID 0)\n Chassis Extra         : a\n \
             Chassis Extra         : b: c\n\nFRU Device Description : Hot-swap        \n \
             Device not present (Invalid command)\n",
        );
        assert_eq!((devices[0].name.as_str(), devices[0].id), ("Builtin FRU Device", Some(0)));
        assert_eq!(devices[0].fields.all("Chassis Extra").collect::<Vec<_>>(), ["a", "b: c"]);
        assert_eq!((devices[1].name.as_str(), devices[1].id), ("Hot-swap", None));
        let supply = fru_print(
            " Product Name          : X\n DC Output Record\n  Nominal voltage            : -12.00 V\n",
        );
        assert_eq!(supply[0].records[0].0, "DC Output Record");
        assert_eq!(supply[0].records[0].1.expect("Nominal voltage"), "-12.00 V");
        assert_eq!(fru_print(" Product Name          : X\n")[0].fields.expect("Product Name"), "X");
    }
}
