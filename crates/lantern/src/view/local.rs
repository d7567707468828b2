//! The way to the machine's own BMC.

use ipmi_client::local::{Module, Node, Smbios, Survey, TroubleKind};
use ipmi_wire::cmd::app::DeviceId;
use ipmi_wire::enterprise;
use ipmi_wire::smbios::IpmiDeviceInformation;
use schemars::JsonSchema;
use serde::Serialize;

use super::View;
use super::schema::Source;
use super::table::Fields;
use crate::codes::Code;
use crate::commands::local::came;
use crate::error::{Error, Exit};
use crate::local::LocalBmc;

/// Whether a BMC answers.
pub(crate) enum Answer {
    /// At this node, it is this one.
    Is(String, DeviceId),
    Not(Error),
}

/// What there is of a way to the BMC.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Status {
    /// Whether a BMC answers.
    answers: bool,
    bmc: Option<Controller>,
    /// What keeps it from being reached.
    trouble: Option<Trouble>,
    modules: Vec<ModuleView>,
    /// Whether SMBIOS has an entry of type 38; `hidden` is one that only root may read.
    #[schemars(extend("enum" = ["absent", "hidden", "found"]))]
    smbios: &'static str,
    smbios_entries: Vec<SmbiosView>,
    /// ACPI's devices IPI0001.
    acpi: Vec<String>,
    interfaces: Vec<InterfaceView>,
    nodes: Vec<NodeView>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Controller {
    node: String,
    manufacturer_id: u32,
    manufacturer: Option<&'static str>,
    product_id: u16,
    firmware: String,
    ipmi_version: String,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Trouble {
    /// As `lantern explain` takes it.
    code: Code,
    message: String,
    cause: Option<String>,
    next: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct ModuleView {
    name: &'static str,
    #[schemars(extend("enum" = ["loaded", "built_in", "not_loaded", "missing"]))]
    state: &'static str,
}

#[derive(Debug, Serialize, JsonSchema)]
struct SmbiosView {
    interface: String,
    ipmi_version: String,
    address: String,
    register_spacing_bytes: Option<u8>,
    irq: Option<u8>,
    slave_address: u8,
}

#[derive(Debug, Serialize, JsonSchema)]
struct InterfaceView {
    driver: &'static str,
    device: String,
    kind: Option<String>,
    /// The driver's own line.
    parameters: Option<String>,
    /// Without, the kernel polls, which is slower.
    interrupts: Option<bool>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct NodeView {
    path: String,
    is_device: bool,
    permissions: String,
    owner: String,
    group: String,
}

impl Status {
    pub(crate) fn new(
        survey: &Survey,
        answer: Option<Answer>,
        absent: Option<&TroubleKind>,
        bmc: &LocalBmc,
    ) -> Self {
        let (controller, error) = match answer {
            Some(Answer::Is(node, id)) => (Some(Controller::new(node, &id)), None),
            Some(Answer::Not(error)) => (None, Some(error)),
            None => (None, None),
        };
        let trouble = match (error, absent) {
            (Some(Error::Told(report)), _) => Some(Trouble {
                code: report.code,
                message: report.message,
                cause: report.cause,
                next: report.next,
            }),
            (_, Some(kind)) => Some(Trouble::of(kind, bmc)),
            _ => None,
        };
        let entries: &[IpmiDeviceInformation] = match &survey.smbios {
            Smbios::Found(entries) => entries,
            _ => &[],
        };
        Self {
            answers: controller.is_some(),
            bmc: controller,
            trouble,
            modules: survey.modules.iter().map(ModuleView::new).collect(),
            smbios: match survey.smbios {
                Smbios::Nothing => "absent",
                Smbios::Hidden => "hidden",
                Smbios::Found(_) => "found",
            },
            smbios_entries: entries.iter().map(SmbiosView::new).collect(),
            acpi: survey.acpi.clone(),
            interfaces: interfaces(survey),
            nodes: survey.nodes.iter().map(NodeView::new).collect(),
        }
    }
}

impl Trouble {
    fn of(kind: &TroubleKind, bmc: &LocalBmc) -> Self {
        let node = bmc.nodes.first().cloned().unwrap_or_default();
        let advice = kind.advice(&node);
        Self {
            code: kind.cause().into(),
            message: format!("there is no {}", node.display()),
            cause: Some(advice.cause),
            next: Some(advice.next),
        }
    }

    fn write(&self, fields: &mut Fields) {
        fields.row("Trouble", format!("{} ({})", self.message, self.code));
        fields.maybe("Likely cause", &self.cause);
        fields.maybe("Next step", &self.next);
    }
}

fn version(bcd: u8) -> String {
    format!("{}.{}", bcd >> 4, bcd & 0x0f)
}

impl Controller {
    fn new(node: String, id: &DeviceId) -> Self {
        Self {
            node,
            manufacturer_id: id.manufacturer_id,
            manufacturer: enterprise::name(id.manufacturer_id),
            product_id: id.product_id,
            firmware: format!("{}.{:02x}", id.firmware_major, id.firmware_minor),
            ipmi_version: {
                let (major, minor) = id.ipmi_version();
                format!("{major}.{minor}")
            },
        }
    }

    fn words(&self) -> String {
        let maker = match self.manufacturer {
            Some(name) => format!("{name} ({})", self.manufacturer_id),
            None => format!("manufacturer {}", self.manufacturer_id),
        };
        format!(
            "answers at {}: {maker}, product {:04X}h, firmware {}, IPMI {}",
            self.node, self.product_id, self.firmware, self.ipmi_version
        )
    }
}

impl ModuleView {
    fn new(module: &Module) -> Self {
        Self { name: module.name, state: module.state.name() }
    }
}

impl SmbiosView {
    fn new(entry: &IpmiDeviceInformation) -> Self {
        Self {
            interface: entry.interface.to_string(),
            ipmi_version: version(entry.version),
            address: entry.address().to_string(),
            register_spacing_bytes: entry.register_spacing(),
            irq: entry.irq(),
            slave_address: entry.slave_address,
        }
    }

    fn words(&self) -> String {
        let irq = self.irq.map_or_else(|| "no interrupt".to_owned(), |irq| format!("irq {irq}"));
        format!(
            "{}, {}, {irq}, IPMI {}, slave address {:02X}h",
            self.interface, self.address, self.ipmi_version, self.slave_address
        )
    }
}

impl InterfaceView {
    fn words(&self) -> String {
        let what = match (&self.parameters, &self.kind) {
            (Some(line), _) => line,
            (None, Some(kind)) => kind,
            (None, None) => self.driver,
        };
        let polled = match self.interrupts {
            Some(false) => ", polled",
            _ => "",
        };
        format!("{what} ({}{polled})", self.driver)
    }
}

impl NodeView {
    fn new(node: &Node) -> Self {
        Self {
            path: node.path.display().to_string(),
            is_device: node.is_device,
            permissions: node.permissions(),
            owner: node.owner(),
            group: node.group(),
        }
    }

    fn words(&self) -> String {
        format!("{} {} {}", self.permissions, self.owner, self.group)
    }
}

fn interfaces(survey: &Survey) -> Vec<InterfaceView> {
    let all = survey.interfaces.iter().cloned();
    all.map(|interface| InterfaceView {
        driver: interface.driver,
        device: interface.device,
        kind: interface.kind,
        parameters: interface.parameters,
        interrupts: interface.interrupts,
    })
    .collect()
}

/// A list with a heading; a word if there is nothing in it.
fn list<N: AsRef<str>>(
    fields: &mut Fields,
    heading: &str,
    rows: impl Iterator<Item = (N, String)>,
) {
    let rows: Vec<_> = rows.collect();
    fields.heading(heading);
    if rows.is_empty() {
        fields.row("none", "");
    }
    rows.into_iter().for_each(|(name, words)| fields.row(name.as_ref(), words));
}

fn interfaces_and_nodes(fields: &mut Fields, interfaces: &[InterfaceView], nodes: &[NodeView]) {
    list(fields, "Interfaces", interfaces.iter().map(|one| (&one.device, one.words())));
    list(fields, "Nodes", nodes.iter().map(|one| (&one.path, one.words())));
}

impl View for Status {
    const SCHEMA: &'static str = "lantern.local_status/1";
    const SOURCE: Source = Source::Here;

    fn text(&self, width: Option<u16>) -> String {
        let mut fields = Fields::titled("This machine's own BMC");
        fields.row("BMC", self.bmc.as_ref().map_or("none answers".to_owned(), Controller::words));
        if let Some(trouble) = &self.trouble {
            trouble.write(&mut fields);
        }
        let state = |module: &ModuleView| (module.name, module.state.replace('_', " "));
        list(&mut fields, "Modules", self.modules.iter().map(state));
        fields.heading("Firmware");
        for entry in &self.smbios_entries {
            fields.row("SMBIOS type 38", entry.words());
        }
        match self.smbios {
            "hidden" => fields.row("SMBIOS type 38", "there is one; only root may read it"),
            "absent" => fields.row("SMBIOS type 38", "none"),
            _ => {}
        }
        let acpi = if self.acpi.is_empty() { "none".to_owned() } else { self.acpi.join(", ") };
        fields.row("ACPI IPI0001", acpi);
        interfaces_and_nodes(&mut fields, &self.interfaces, &self.nodes);
        fields.text(width)
    }

    fn exit(&self) -> Option<Exit> {
        (!self.answers).then_some(Exit::Failed)
    }
}

/// A module that was to be loaded.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Loaded {
    pub(crate) name: &'static str,
    /// What modprobe said, if it was not.
    pub(crate) error: Option<String>,
}

/// What loading the modules has come to.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Load {
    /// Modules that were there before.
    present: Vec<&'static str>,
    /// Modules that modprobe was told to load.
    asked: Vec<Loaded>,
    /// Modules that are there now and were not before.
    loaded: Vec<&'static str>,
    nodes: Vec<NodeView>,
    interfaces: Vec<InterfaceView>,
    /// Whether the device node is there now.
    ready: bool,
    trouble: Option<Trouble>,
}

impl Load {
    pub(crate) fn new(before: &Survey, after: &Survey, asked: Vec<Loaded>, bmc: &LocalBmc) -> Self {
        let names = |survey: &Survey| -> Vec<&'static str> {
            let there = survey.modules.iter().filter(|module| module.state.is_there());
            there.map(|module| module.name).collect()
        };
        let trouble = after.absence(&bmc.nodes);
        Self {
            present: names(before),
            asked,
            loaded: names(after).into_iter().filter(|name| came(before, after, name)).collect(),
            nodes: after.nodes.iter().map(NodeView::new).collect(),
            interfaces: interfaces(after),
            ready: trouble.is_none(),
            trouble: trouble.map(|kind| Trouble::of(&kind, bmc)),
        }
    }
}

impl View for Load {
    const SCHEMA: &'static str = "lantern.local_load/1";
    const SOURCE: Source = Source::Here;

    fn text(&self, width: Option<u16>) -> String {
        let mut fields = Fields::titled("This machine's own BMC");
        let loaded = self.loaded.join(", ");
        fields.row("Loaded", if loaded.is_empty() { "nothing".to_owned() } else { loaded });
        if !self.present.is_empty() {
            fields.row("There before", self.present.join(", "));
        }
        for Loaded { name, error } in &self.asked {
            if let Some(error) = error {
                fields.row("Failed", format!("{name}: {error}"));
            }
        }
        if let Some(trouble) = &self.trouble {
            trouble.write(&mut fields);
        }
        interfaces_and_nodes(&mut fields, &self.interfaces, &self.nodes);
        fields.text(width)
    }

    fn exit(&self) -> Option<Exit> {
        (!self.ready).then_some(Exit::Failed)
    }
}
