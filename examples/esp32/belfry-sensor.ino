// A float switch in a pump sump that tells Belfry. For an ESP32 with the Arduino core and
// the library PubSubClient (MQTT 3.1.1). The password of the device comes from:
//   belfry keys create --device pump-7 --publish 'notifications/alerts/+/pump'
#include <PubSubClient.h>
#include <WiFi.h>

const char* WIFI_NAME = "workshop";
const char* WIFI_PASSWORD = "…";
const char* BROKER = "192.168.1.10";
const char* DEVICE = "pump-7";
const char* DEVICE_PASSWORD = "…";

const int FLOAT_SWITCH = 27;
const unsigned long SETTLE_MS = 2000;

WiFiClient network;
PubSubClient mqtt(network);
bool wasHigh = false;
unsigned long changedAt = 0;

void setup() {
  pinMode(FLOAT_SWITCH, INPUT_PULLUP);
  WiFi.begin(WIFI_NAME, WIFI_PASSWORD);
  mqtt.setServer(BROKER, 1883);
  mqtt.setBufferSize(512);
}

// Saying it twice does no harm: an alert of one type and source is one alert, however often
// it is told, and "resolve" without an open one does nothing.
bool tell(bool isHigh) {
  const char* payload = isHigh
    ? "{\"message\":\"Water in the sump is high\",\"source\":\"pump-7\"}"
    : "{\"action\":\"resolve\",\"source\":\"pump-7\"}";
  return mqtt.publish("notifications/alerts/critical/pump", payload);
}

void loop() {
  if (!mqtt.connected() && !mqtt.connect(DEVICE, DEVICE, DEVICE_PASSWORD)) {
    delay(2000);
    return;
  }
  mqtt.loop();

  bool isHigh = digitalRead(FLOAT_SWITCH) == LOW;
  if (isHigh == wasHigh) {
    changedAt = millis();
    return;
  }
  // Waves are no alarm: the switch must hold its new state, and what could not be sent stays due.
  if (millis() - changedAt > SETTLE_MS && tell(isHigh)) wasHigh = isHigh;
}
