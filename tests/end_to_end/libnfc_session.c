/* One Kumquat payment through libnfc's C API: a reader that knows nothing of our drivers.
 *
 *     libnfc_session CONNSTRING REQUEST [ACK]        (both in hexadecimal)
 *
 * Selects the one Type 4A card in the field, sends SELECT and PRESENT with the request, prints the
 * presentation in hexadecimal, and then gives the card the ack, if there is one. The bytes are those of
 * docs/protocol/card.md; nothing is shared with the Python sources. Ends with 0, or prints what
 * failed and ends with 1.
 */
#include <nfc/nfc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_DATA = 255, MAX_ACK = 1024, MAX_ANSWER = 258, TIMEOUT_MS = 2000 };

static const uint8_t AID[] = {0xF0, 0x4B, 0x55, 0x4D, 0x51, 0x55, 0x41, 0x54, 0x01};

static nfc_context *context;
static nfc_device *device;

static void fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  fputc('\n', stderr);
  if (device) nfc_close(device);
  if (context) nfc_exit(context);
  exit(EXIT_FAILURE);
}

static size_t from_hex(const char *text, uint8_t *data, size_t room) {
  size_t size = strlen(text) / 2;
  if (strlen(text) % 2 || size > room) fail("%s: not %zu bytes at most", text, room);
  for (size_t i = 0; i < size; i++) {
    unsigned int byte;
    if (sscanf(text + 2 * i, "%2x", &byte) != 1) fail("%s: not hexadecimal", text);
    data[i] = (uint8_t)byte;
  }
  return size;
}

/* One short APDU; `le` asks for an answer of up to 256 bytes. Gives the size of the answer's data. */
static size_t exchange(uint8_t cla, uint8_t ins, uint8_t p1, const uint8_t *data, size_t size,
                       int le, uint8_t *answer) {
  uint8_t command[5 + MAX_DATA + 1] = {cla, ins, p1, 0x00, (uint8_t)size};
  size_t length = 5 + size;
  memcpy(command + 5, data, size);
  if (le) command[length++] = 0x00;
  int heard = nfc_initiator_transceive_bytes(device, command, length, answer, MAX_ANSWER, TIMEOUT_MS);
  if (heard < 0) fail("command %02X: %s", ins, nfc_strerror(device));
  if (heard < 2) fail("command %02X: no status word", ins);
  if (answer[heard - 2] != 0x90 || answer[heard - 1] != 0x00)
    fail("command %02X: status %02X%02X", ins, answer[heard - 2], answer[heard - 1]);
  return (size_t)heard - 2;
}

static void select_card(const char *connstring) {
  const nfc_modulation type_a = {.nmt = NMT_ISO14443A, .nbr = NBR_106};
  nfc_target target;
  nfc_init(&context);
  if (!context) fail("libnfc does not start");
  device = nfc_open(context, connstring);
  if (!device) fail("%s: no reader", connstring);
  if (nfc_initiator_init(device) < 0) fail("no initiator: %s", nfc_strerror(device));
  if (nfc_device_set_property_bool(device, NP_INFINITE_SELECT, false) < 0)
    fail("cannot bound the search: %s", nfc_strerror(device));
  if (nfc_initiator_select_passive_target(device, type_a, NULL, 0, &target) <= 0) fail("no card");
  if (!(target.nti.nai.btSak & 0x20)) fail("not a Type 4A card");
}

/* The application, then the request: `80 L request` (card.md, sections 2 to 4). */
static void present(const uint8_t *request, size_t size) {
  uint8_t answer[MAX_ANSWER], objects[2 + MAX_DATA] = {0x80, (uint8_t)size};
  if (exchange(0x00, 0xA4, 0x04, AID, sizeof AID, 1, answer) < 2 || answer[0] != 0x6F)
    fail("not the application's greeting");
  memcpy(objects + 2, request, size);
  size_t heard = exchange(0x80, 0x50, 0x00, objects, 2 + size, 1, answer);
  for (size_t i = 0; i < heard; i++) printf("%02x", answer[i]);
  printf("\n");
}

/* The ack, in links of 255 bytes: CLA bit 5 says that more follow. */
static void acknowledge(const uint8_t *ack, size_t size) {
  uint8_t answer[MAX_ANSWER];
  for (; size > MAX_DATA; ack += MAX_DATA, size -= MAX_DATA)
    exchange(0x90, 0x52, 0x00, ack, MAX_DATA, 0, answer);
  exchange(0x80, 0x52, 0x00, ack, size, 0, answer);
}

int main(int count, char **words) {
  uint8_t request[127], ack[MAX_ACK];
  if (count < 3 || count > 4) fail("usage: %s CONNSTRING REQUEST [ACK]", words[0]);
  size_t request_size = from_hex(words[2], request, sizeof request);
  size_t ack_size = count == 4 ? from_hex(words[3], ack, sizeof ack) : 0;
  select_card(words[1]);
  present(request, request_size);
  if (ack_size) acknowledge(ack, ack_size);
  nfc_close(device);
  nfc_exit(context);
  return EXIT_SUCCESS;
}
