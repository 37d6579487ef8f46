//! What objects say of themselves (D-Bus specification, "Introspection Data Format").

use std::fmt::Write as _;

const HEAD: &str = "<!DOCTYPE node PUBLIC \"-//freedesktop//DTD D-BUS Object Introspection 1.0//EN\"\n \
    \"http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd\">\n<node>\n";

/// What every object has.
const STANDARD: &str = "  <interface name=\"org.freedesktop.DBus.Introspectable\">
    <method name=\"Introspect\">
      <arg type=\"s\" name=\"xml_data\" direction=\"out\"/>
    </method>
  </interface>
  <interface name=\"org.freedesktop.DBus.Peer\">
    <method name=\"Ping\"/>
    <method name=\"GetMachineId\">
      <arg type=\"s\" name=\"machine_uuid\" direction=\"out\"/>
    </method>
  </interface>
  <interface name=\"org.freedesktop.DBus.Properties\">
    <method name=\"Get\">
      <arg type=\"s\" name=\"interface_name\" direction=\"in\"/>
      <arg type=\"s\" name=\"property_name\" direction=\"in\"/>
      <arg type=\"v\" name=\"value\" direction=\"out\"/>
    </method>
    <method name=\"GetAll\">
      <arg type=\"s\" name=\"interface_name\" direction=\"in\"/>
      <arg type=\"a{sv}\" name=\"properties\" direction=\"out\"/>
    </method>
    <method name=\"Set\">
      <arg type=\"s\" name=\"interface_name\" direction=\"in\"/>
      <arg type=\"s\" name=\"property_name\" direction=\"in\"/>
      <arg type=\"v\" name=\"value\" direction=\"in\"/>
    </method>
    <signal name=\"PropertiesChanged\">
      <arg type=\"s\" name=\"interface_name\"/>
      <arg type=\"a{sv}\" name=\"changed_properties\"/>
      <arg type=\"as\" name=\"invalidated_properties\"/>
    </signal>
  </interface>
";

/// The object that knows all others.
const MANAGER: &str = "  <interface name=\"org.freedesktop.DBus.ObjectManager\">
    <method name=\"GetManagedObjects\">
      <arg type=\"a{oa{sa{sv}}}\" name=\"objects\" direction=\"out\"/>
    </method>
    <signal name=\"InterfacesAdded\">
      <arg type=\"o\" name=\"object\"/>
      <arg type=\"a{sa{sv}}\" name=\"interfaces\"/>
    </signal>
    <signal name=\"InterfacesRemoved\">
      <arg type=\"o\" name=\"object\"/>
      <arg type=\"as\" name=\"interfaces\"/>
    </signal>
  </interface>
";

/// The interfaces of this daemon, as they are installed for others to read.
const DAEMON: &str = include_str!("../../dist/dbus/org.keepalived.Vrrp1.Vrrp.xml");
const INSTANCE: &str = include_str!("../../dist/dbus/org.keepalived.Vrrp1.Instance.xml");

/// What kind of object there is at a path.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// Above those below.
    Node,
    /// It knows all others.
    Manager,
    /// The daemon.
    Daemon,
    /// An instance.
    Instance,
}

/// The description of an object with these children.
pub(super) fn xml<'a>(kind: Kind, children: impl Iterator<Item = &'a str>) -> String {
    let mut text = HEAD.to_owned();
    let own = match kind {
        Kind::Node => "",
        Kind::Manager => MANAGER,
        Kind::Daemon => interface(DAEMON),
        Kind::Instance => interface(INSTANCE),
    };
    if kind != Kind::Node {
        text.push_str(STANDARD);
    }
    text.push_str(own);
    for child in children {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  <node name=\"{child}\"/>");
    }
    text.push_str("</node>\n");
    text
}

/// What is between `<node>` and `</node>` of a file.
fn interface(file: &'static str) -> &'static str {
    let inside = file.split_once("<node>\n").map_or("", |(_, inside)| inside);
    inside
        .split_once("</node>")
        .map_or("", |(inside, _)| inside)
}
