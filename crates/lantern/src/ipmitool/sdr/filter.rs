//! `sdr type` and `sdr entity`.

use super::names::{ENTITIES, SENSOR_TYPES};
use super::reading::Sdr;
use super::records::{self, Entry};
use super::show_all;
use crate::ipmitool::number::number;
use crate::ipmitool::tool::{Ended, Failed};

pub(super) async fn by_type(sdr: &Sdr<'_>, wanted: Option<&str>) -> Ended {
    let is = |word: &str| wanted.is_none_or(|wanted| wanted.eq_ignore_ascii_case(word));
    let Some(name) = wanted.filter(|_| !is("help") && !is("list")) else {
        list_types(sdr);
        return Ok(());
    };
    let number = if name.starts_with("0x") {
        let Some(number) = number::<u8>(name) else {
            sdr.tool.error(&format!(
                "Given type of sensor \"{name}\" is either invalid or out of range."
            ));
            return Err(Failed);
        };
        number
    } else {
        // Neither the first name nor the last can be asked for.
        let mut named = (0u8..).zip(SENSOR_TYPES).skip(1).take(0x2b);
        let Some((number, _)) = named.find(|(_, known)| known.eq_ignore_ascii_case(name)) else {
            sdr.tool.error(&format!("Sensor Type \"{name}\" not found."));
            list_types(sdr);
            return Ok(());
        };
        number
    };
    let entries = records::entries(sdr.tool).await.unwrap_or_default();
    let is_meant =
        |entry: &&Entry| entry.record.sensor_types().is_some_and(|(kind, _)| kind.0 == number);
    show_all(sdr, &entries.iter().filter(is_meant).collect::<Vec<_>>()).await;
    Ok(())
}

fn list_types(sdr: &Sdr<'_>) {
    sdr.put("Sensor Types:\n");
    let all: Vec<_> = (0u8..).zip(SENSOR_TYPES).skip(1).collect();
    for two in all.chunks(2) {
        let [(left, name), (right, other)] = two else { continue };
        sdr.put(&format!("\t{name:<25} (0x{left:02x})   {other:<25} (0x{right:02x})\n"));
    }
}

pub(super) async fn by_entity(sdr: &Sdr<'_>, wanted: Option<&str>) -> Ended {
    let is = |word: &str| wanted.is_none_or(|wanted| wanted.eq_ignore_ascii_case(word));
    let Some(text) = wanted.filter(|_| !is("help") && !is("list")) else {
        list_entities(sdr);
        return Ok(());
    };
    let Some((id, instance)) = entity(text) else {
        sdr.tool.error(&format!("Invalid entity: {text}"));
        return Err(Failed);
    };
    let entries = records::entries(sdr.tool).await.unwrap_or_default();
    let is_meant = |entry: &&Entry| {
        entry.record.entity().is_some_and(|entity| {
            entity.id == id && instance.is_none_or(|instance| entity.instance == instance)
        })
    };
    show_all(sdr, &entries.iter().filter(is_meant).collect::<Vec<_>>()).await;
    Ok(())
}

/// Number and instance; none is all of them.
fn entity(text: &str) -> Option<(u8, Option<u8>)> {
    let Some((id, behind)) = unsigned(text) else {
        // Of several with a name, the original takes the last.
        let named = ENTITIES.iter().rev().find(|(_, name)| name.eq_ignore_ascii_case(text));
        return named.map(|(id, _)| (*id, None));
    };
    let [id, ..] = id.to_le_bytes();
    let instance = behind.strip_prefix('.').and_then(unsigned).map(|(instance, _)| {
        let [instance, ..] = instance.to_le_bytes();
        instance & 0x7f
    });
    Some((id, instance.filter(|instance| *instance != 0x7f)))
}

/// `%u` of C's `scanf`: a number, and what is behind it.
fn unsigned(text: &str) -> Option<(u32, &str)> {
    let text = text.trim_start_matches(|c: char| c.is_ascii_whitespace());
    let (negative, text) = match text.strip_prefix('-') {
        Some(text) => (true, text),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, behind) = text.split_at_checked(end)?;
    let number: u32 = digits.parse().ok()?;
    Some((if negative { number.wrapping_neg() } else { number }, behind))
}

fn list_entities(sdr: &Sdr<'_>) {
    sdr.put("\nEntity IDs:\n\n");
    for two in ENTITIES.chunks(2) {
        let line: Vec<_> = two.iter().map(|(id, name)| format!("  {id:>4}  {name:<32}")).collect();
        sdr.put(&format!("{}\n", line.join("  ")));
    }
    sdr.put("\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_are_read_as_scanf_does() {
        assert_eq!(entity("7.1"), Some((7, Some(1))));
        assert_eq!(entity("7"), Some((7, None)));
        assert_eq!(entity("7.x"), Some((7, None)));
        assert_eq!(entity("07.01z"), Some((7, Some(1))));
        assert_eq!(entity("7.127"), Some((7, None)));
        assert_eq!(entity("263"), Some((7, None)));
        assert_eq!(entity("processor"), Some((0x41, None)));
        assert_eq!(entity("nothing"), None);
    }
}
