#include "CBound.h"

#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

// The bare subscriber: libmosquitto's own loop, QoS 1, acknowledging as fast as it reads, doing nothing else.

struct drain {
  int connected;
  int subscribed;
  long left;
};

static void on_connect(struct mosquitto *client, void *user, int reason, int flags, const mosquitto_property *list) {
  (void)client, (void)flags, (void)list;
  ((struct drain *)user)->connected = reason == 0 ? 1 : -1;
}

static void on_subscribe(struct mosquitto *client, void *user, int id, int count, const int *granted,
                         const mosquitto_property *list) {
  (void)client, (void)id, (void)count, (void)granted, (void)list;
  ((struct drain *)user)->subscribed = 1;
}

static void on_message(struct mosquitto *client, void *user, const struct mosquitto_message *message,
                       const mosquitto_property *list) {
  (void)client, (void)message, (void)list;
  ((struct drain *)user)->left--;
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

double bound_drain(const char *client_id, int port, const char *filter, long count) {
  struct drain state = {0, 0, count};
  mosquitto_property *list = NULL;
  mosquitto_lib_init();
  struct mosquitto *client = mosquitto_new(client_id, false, &state);
  if (!client) return -1;
  mosquitto_int_option(client, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5);
  mosquitto_int_option(client, MOSQ_OPT_RECEIVE_MAXIMUM, 65535);
  mosquitto_connect_v5_callback_set(client, on_connect);
  mosquitto_subscribe_v5_callback_set(client, on_subscribe);
  mosquitto_message_v5_callback_set(client, on_message);
  mosquitto_property_add_int32(&list, MQTT_PROP_SESSION_EXPIRY_INTERVAL, 3600);
  double began = now(), deadline = began + 120;
  int status = mosquitto_connect_bind_v5(client, "127.0.0.1", port, 60, NULL, list);
  mosquitto_property_free_all(&list);
  int asked = 0;
  while (status == MOSQ_ERR_SUCCESS && now() < deadline && state.connected >= 0) {
    if (state.connected == 1 && !asked) asked = mosquitto_subscribe(client, NULL, filter, 1) == MOSQ_ERR_SUCCESS;
    if (state.subscribed && state.left <= 0) break;
    status = mosquitto_loop(client, 20, 1);
  }
  double took = state.left <= 0 && state.subscribed ? now() - began : -1;
  mosquitto_disconnect(client);
  mosquitto_loop(client, 20, 1);
  mosquitto_destroy(client);
  return took;
}
