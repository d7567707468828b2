//! Multirecords: what power supplies and boards say of themselves, with `-v`.

use ipmi_client::fru::FruId;
use ipmi_wire::enterprise;
use ipmi_wire::{CompletionCode, Reader};

use super::image::{self, Image};
use crate::ipmitool::number::number;
use crate::ipmitool::tool::{Ended, Refusal, Tool};

/// Bytes of a record's header.
const HEADER: usize = 5;
/// Of OEMs.
const OEM: u8 = 0xc0;
const PICMG: u32 = 12_634;

/// A record.
struct Record {
    kind: u8,
    /// Its data; behind its end, what the records before it have left: so it is in the original.
    data: Vec<u8>,
}

impl Record {
    /// Whose it is, of an OEM's.
    fn manufacturer(&self) -> u32 {
        self.data.first_chunk::<3>().map_or(0, |[a, b, c]| u32::from_le_bytes([*a, *b, *c, 0]))
    }
}

/// The records from a place on.
fn records(image: &Image, from: usize) -> Vec<Record> {
    let mut records = Vec::new();
    let mut at = from;
    let mut buffer = [0_u8; 255];
    // The header of the device is where no record can be.
    if from < 8 {
        return records;
    }
    while let Some([kind, format, length, ..]) = image.bytes().get(at..at.saturating_add(HEADER)) {
        at = at.saturating_add(HEADER);
        let Some(data) = image.part(at, usize::from(*length)) else { break };
        for (place, byte) in buffer.iter_mut().zip(&data) {
            *place = *byte;
        }
        at = at.saturating_add(data.len());
        records.push(Record { kind: *kind, data: buffer.to_vec() });
        if format & 0x80 != 0 {
            break;
        }
    }
    records
}

pub(super) fn print(tool: &Tool, image: &Image, from: usize) {
    for record in records(image, from) {
        let mut reader = Reader::new(&record.data);
        let text = match record.kind {
            0x00 => power_supply(&mut reader),
            0x01 => output(&mut reader),
            0x02 => load(&mut reader),
            OEM => Some(of_oem(&record)),
            _ => None,
        };
        tool.print(&text.unwrap_or_default());
    }
}

fn of_oem(record: &Record) -> String {
    match record.manufacturer() {
        PICMG => "  PICMG Extension Record\n".to_owned(),
        manufacturer => format!("  OEM ({}) Record\n", maker(manufacturer)),
    }
}

fn maker(manufacturer: u32) -> String {
    let name = enterprise::name(manufacturer);
    name.map_or_else(|| format!("Unknown (0x{manufacturer:02X})"), str::to_owned)
}

fn word(reader: &mut Reader<'_>) -> Option<u16> {
    reader.u16("").ok()
}

fn byte(reader: &mut Reader<'_>) -> Option<u8> {
    reader.u8("").ok()
}

/// A voltage in hundredths, which may be negative.
fn volts(reader: &mut Reader<'_>) -> Option<f64> {
    Some(f64::from(word(reader)?.cast_signed()) / 100.0)
}

/// A current in thousandths.
fn amperes(reader: &mut Reader<'_>) -> Option<f64> {
    Some(f64::from(word(reader)?) / 1000.0)
}

/// FRU specification §18.1.
fn power_supply(reader: &mut Reader<'_>) -> Option<String> {
    let capacity = word(reader)? & 0x0fff;
    let peak = word(reader)?;
    let (inrush, interval) = (byte(reader)?, byte(reader)?);
    let mut range = || Some((word(reader)? / 100, word(reader)? / 100));
    let ((low1, high1), (low2, high2)) = (range()?, range()?);
    let (low_frequency, high_frequency) = (byte(reader)?, byte(reader)?);
    let dropout = byte(reader)?;
    let flags = byte(reader)?;
    let peak_capacity = word(reader)?;
    let combined = byte(reader)?;
    let combined_capacity = word(reader)?;
    let threshold = byte(reader)?;
    let has = |bit: u8| flags & bit != 0;
    let predicts = has(0x01);
    let flags: String = [
        (predicts, "'Predictive fail' "),
        (has(0x02), "'Power factor correction' "),
        (has(0x04), "'Autoswitch voltage' "),
        (has(0x08), "'Hot swap' "),
        (predicts && threshold != 0 && has(0x10), "'Two pulses per rotation'"),
        (predicts && threshold != 0 && !has(0x10), "'One pulse per rotation'"),
        (predicts && threshold == 0 && has(0x10), "'Failure on pin de-assertion'"),
        (predicts && threshold == 0 && !has(0x10), "'Failure on pin assertion'"),
    ]
    .iter()
    .filter_map(|(is, text)| is.then_some(*text))
    .collect();
    let mut text = [
        " Power Supply Record\n".to_owned(),
        format!("  Capacity                   : {capacity} W\n"),
        format!("  Peak VA                    : {peak} VA\n"),
        format!("  Inrush Current             : {inrush} A\n"),
        format!("  Inrush Interval            : {interval} ms\n"),
        format!("  Input Voltage Range 1      : {low1}-{high1} V\n"),
        format!("  Input Voltage Range 2      : {low2}-{high2} V\n"),
        format!("  Input Frequency Range      : {low_frequency}-{high_frequency} Hz\n"),
        format!("  A/C Dropout Tolerance      : {dropout} ms\n"),
        format!("  Flags                      : {flags}\n"),
        format!("  Peak capacity              : {} W\n", peak_capacity & 0x0fff),
        format!("  Peak capacity holdup       : {} s\n", peak_capacity >> 12),
    ]
    .concat();
    text.push_str(&match combined_capacity {
        0 => "  Combined capacity          : not specified\n".to_owned(),
        watts => {
            let (first, second) =
                (combined_voltage(combined >> 4), combined_voltage(combined & 0x0f));
            format!("  Combined capacity          : {watts} W ({first} and {second})\n")
        }
    });
    if predicts {
        text.push_str(&format!("  Fan lower threshold        : {threshold} RPS\n"));
    }
    Some(text)
}

const fn combined_voltage(number: u8) -> &'static str {
    match number {
        0 => "12 V",
        1 => "-12 V",
        2 => "5 V",
        3 => "3.3 V",
        // The original prints whatever comes next in its memory.
        _ => "Unknown",
    }
}

/// FRU specification §18.2.
fn output(reader: &mut Reader<'_>) -> Option<String> {
    let first = byte(reader)?;
    let standby = if first & 0x80 != 0 { "Yes" } else { "No" };
    Some(
        [
            " DC Output Record\n".to_owned(),
            format!("  Output Number              : {}\n", first & 0x0f),
            format!("  Standby power              : {standby}\n"),
            format!("  Nominal voltage            : {:.2} V\n", volts(reader)?),
            format!("  Max negative deviation     : {:.2} V\n", volts(reader)?),
            format!("  Max positive deviation     : {:.2} V\n", volts(reader)?),
            format!("  Ripple and noise pk-pk     : {} mV\n", word(reader)?),
            format!("  Minimum current draw       : {:.3} A\n", amperes(reader)?),
            format!("  Maximum current draw       : {:.3} A\n", amperes(reader)?),
        ]
        .concat(),
    )
}

/// FRU specification §18.3.
fn load(reader: &mut Reader<'_>) -> Option<String> {
    let first = byte(reader)?;
    Some(
        [
            " DC Load Record\n".to_owned(),
            format!("  Output Number              : {}\n", first & 0x0f),
            format!("  Nominal voltage            : {:.2} V\n", volts(reader)?),
            format!("  Min voltage allowed        : {:.2} V\n", volts(reader)?),
            format!("  Max voltage allowed        : {:.2} V\n", volts(reader)?),
            format!("  Ripple and noise pk-pk     : {} mV\n", word(reader)?),
            format!("  Minimum current load       : {:.3} A\n", amperes(reader)?),
            format!("  Maximum current load       : {:.3} A\n", amperes(reader)?),
        ]
        .concat(),
    )
}

/// `fru get`: the original knows Kontron's records, and says of any other maker's that it does not.
pub(super) async fn get(tool: &Tool, id: u8, words: &[&str]) -> Ended {
    let fru = FruId::new(id);
    let bmc = tool.bmc()?;
    let info = match image::info(bmc, fru).await {
        Ok(info) => info,
        // None of this is a failure: the original forgets the sign of its code for it.
        Err(Refusal::Code(CompletionCode::TIMEOUT)) => {
            tool.print("  Timeout accessing FRU info. (Device not present?)\n");
            return Ok(());
        }
        Err(Refusal::Code(code)) => {
            tool.print(&format!("   CCODE = 0x{:02x}\n", code.0));
            return Ok(());
        }
        Err(_) => return Ok(()),
    };
    let Ok(image) = Image::of_areas(bmc, fru, info).await else { return Ok(()) };
    let Some(header) = image.header() else {
        let version = image.bytes().first().copied().unwrap_or(0);
        tool.print(&format!("  Unknown FRU header version {version:02x}.\n"));
        return Ok(());
    };
    for record in records(&image, header.multirecords).iter().filter(|record| record.kind == OEM) {
        let wanted = match words {
            ["oem", iana, ..] => number::<u32>(iana),
            _ => {
                tool.info("oem iana <record> <format>");
                return Ok(());
            }
        };
        let Some(wanted) = wanted else {
            let iana = words.get(1).copied().unwrap_or_default();
            tool.error(&format!("Given IANA '{iana}' is invalid."));
            return Ok(());
        };
        if wanted == record.manufacturer() {
            tool.print(&format!(
                "  OEM IANA ({}) Record not supported in this mode\n",
                maker(wanted)
            ));
            return Ok(());
        }
    }
    Ok(())
}
