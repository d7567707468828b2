//! `mc`, also called `bmc`: the controller itself.

mod enables;
mod guid;
mod system_info;
mod watchdog;

use ipmi_wire::cmd::app::{DeviceId, GetDeviceId, GetSelfTestResults, SelfTest, WarmReset};

use super::text;
use super::tool::{Ended, Failed, Refusal, Tool};

pub(super) async fn run(tool: &Tool, words: &[String]) -> Ended {
    let Some((word, rest)) = words.split_first() else {
        tool.error("Not enough parameters given.");
        help(tool);
        return Err(Failed);
    };
    match word.as_str() {
        "help" => {
            help(tool);
            Ok(())
        }
        "info" => info(tool).await,
        "reset" => reset(tool, rest).await,
        "guid" => guid::run(tool, rest).await,
        "selftest" => self_test(tool).await,
        "watchdog" => watchdog::run(tool, rest).await,
        "getenables" => enables::get(tool).await,
        "setenables" => enables::set(tool, rest).await,
        "getsysinfo" => system_info::get(tool, rest).await,
        "setsysinfo" => system_info::set(tool, rest).await,
        other => {
            tool.error(&format!("Invalid mc/bmc command: {other}"));
            help(tool);
            Err(Failed)
        }
    }
}

fn help(tool: &Tool) {
    tool.notice("MC Commands:");
    tool.notice("  info, selftest, reset <warm|cold>, guid [auto|smbios|ipmi|rfc|dump]");
    tool.notice("  watchdog <get|reset|off|set>, getenables, setenables <option> <on|off> ...");
    tool.notice("  getsysinfo <argument>, setsysinfo <argument> <string>");
}

/// Says why there is no answer to `what`.
fn told(tool: &Tool, what: &str, refusal: Refusal) -> Failed {
    match refusal {
        Refusal::Code(code) => tool.error(&format!("{what}: {}", text::completion(code))),
        Refusal::Silent | Refusal::Malformed => tool.error(what),
    }
    Failed
}

async fn info(tool: &Tool) -> Ended {
    let answer = tool.send(&GetDeviceId).await;
    let id = answer.map_err(|refusal| told(tool, "Get Device ID command failed", refusal))?;
    tool.print(&info_lines(&id));
    Ok(())
}

fn info_lines(id: &DeviceId) -> String {
    /// Bit 0 first.
    const SUPPORT: [&str; 8] = [
        "Sensor Device",
        "SDR Repository Device",
        "SEL Device",
        "FRU Inventory Device",
        "IPMB Event Receiver",
        "IPMB Event Generator",
        "Bridge",
        "Chassis Device",
    ];
    let yes = |flag| if flag { "yes" } else { "no" };
    let (major, minor) = id.ipmi_version();
    let mut text: String = [
        ("Device ID", id.device_id.to_string()),
        ("Device Revision", id.device_revision.to_string()),
        ("Firmware Revision", format!("{}.{:02x}", id.firmware_major, id.firmware_minor)),
        ("IPMI Version", format!("{major:x}.{minor:x}")),
        ("Manufacturer ID", id.manufacturer_id.to_string()),
        ("Manufacturer Name", text::enterprise(id.manufacturer_id)),
        ("Product ID", format!("{0} (0x{0:04x})", id.product_id)),
        ("Product Name", product(id.manufacturer_id, id.product_id)),
        ("Device Available", yes(!id.updating).to_owned()),
        ("Provides Device SDRs", yes(id.provides_device_sdrs).to_owned()),
    ]
    .iter()
    .map(|(key, value)| format!("{key:<26}: {value}\n"))
    .collect();
    text += "Additional Device Support :\n";
    for (bit, name) in SUPPORT.iter().enumerate() {
        if id.additional_support >> bit & 1 != 0 {
            text += &format!("    {name}\n");
        }
    }
    if let Some(auxiliary) = id.auxiliary_firmware {
        text += "Aux Firmware Rev Info     : \n";
        text.extend(auxiliary.iter().map(|byte| format!("    0x{byte:02x}\n")));
    }
    text
}

/// `manufacturer<TAB>product<TAB>name`: the products that ipmitool 1.8.19 has a name for, in its order.
const PRODUCTS: &str = include_str!("products.tsv");

fn product(manufacturer: u32, product: u16) -> String {
    /// To ipmitool, everybody makes the products of this one.
    const PICMG: u32 = 12634;
    let known = PRODUCTS.lines().find_map(|line| {
        let (maker, rest) = line.split_once('\t')?;
        let (number, name) = rest.split_once('\t')?;
        let maker: u32 = maker.parse().ok()?;
        let is_it = (maker == manufacturer || maker == PICMG) && number.parse() == Ok(product);
        is_it.then_some(name)
    });
    known.map_or_else(|| text::unknown(product.into()), str::to_owned)
}

async fn reset(tool: &Tool, words: &[String]) -> Ended {
    let usage = "usage: mc reset <warm|cold>";
    let (sent, kind) = match words.first().map(String::as_str) {
        None => {
            tool.error("Not enough parameters given.");
            tool.notice(usage);
            return Err(Failed);
        }
        Some("help") => {
            tool.notice(usage);
            return Ok(());
        }
        Some("cold") => {
            // Many a BMC resets before it answers; one that goes on as before has not heard of it.
            let sent = tool.bmc()?.cold_reset_unwatched().await;
            tool.abandoned.set(true);
            (sent.map_err(|error| Refusal::from(&error)), "cold")
        }
        Some("warm") => {
            let sent = tool.send(&WarmReset).await;
            tool.abandoned.set(true);
            (sent, "warm")
        }
        Some(other) => {
            tool.error(&format!("Invalid mc/bmc reset command: {other}"));
            tool.notice(usage);
            return Err(Failed);
        }
    };
    if let Err(refusal) = sent {
        // Refused, and so it is there to close the session.
        tool.abandoned.set(false);
        match refusal {
            Refusal::Code(code) => {
                tool.error(&format!("MC reset command failed: {}", text::completion(code)));
            }
            _ => tool.error("MC reset command failed."),
        }
        return Err(Failed);
    }
    tool.print(&format!("Sent {kind} reset command to MC\n"));
    Ok(())
}

async fn self_test(tool: &Tool) -> Ended {
    /// Bit 7 first, which is the order of the lines.
    const BAD: [&str; 8] = [
        " -> SEL device not accessible",
        " -> SDR repository not accessible",
        "FRU device not accessible",
        "IPMB signal lines do not respond",
        "SDR repository empty",
        "Internal Use Area corrupted",
        "Controller update boot block corrupted",
        "controller operational firmware corrupted",
    ];
    let result = match tool.send(&GetSelfTestResults).await {
        Ok(answer) => answer.result,
        Err(Refusal::Code(code)) => {
            tool.error(&format!("Bad response: ({})", text::completion(code)));
            return Err(Failed);
        }
        Err(_) => {
            tool.error("No response from devices");
            return Err(Failed);
        }
    };
    match result {
        SelfTest::Passed => {
            tool.print("Selftest: passed\n");
            return Ok(());
        }
        SelfTest::NotImplemented => tool.print("Selftest: not implemented\n"),
        SelfTest::Corrupted { flags } => {
            tool.print("Selftest: device corrupted\n");
            for (place, text) in BAD.iter().enumerate() {
                if flags << place & 0x80 != 0 {
                    tool.print(&format!("{text}\n"));
                }
            }
        }
        SelfTest::Fatal { code } => {
            tool.print(&format!("Selftest     : fatal error\nFailure code : {code:02x}\n"));
        }
        // Without a line end.
        SelfTest::Other { result: 0xff, .. } => tool.print("Selftest: N/A"),
        SelfTest::Other { result, detail } => {
            tool.print(&format!(
                "Selftest     : device specific ({result:02X}h)\nFailure code : {detail:02X}h\n"
            ));
            return Ok(());
        }
    }
    Err(Failed)
}
