package dev.kiln.explore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kiln.model.Architecture;
import dev.kiln.sample.SampleArchive;
import dev.kiln.sample.SampleOptions;
import dev.kiln.sample.SampleSize;
import dev.kiln.testing.BandStatistics;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.logging.Level;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.interactions.Actions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The page in Chromium, which finds no other host than the server. Pictures of the page are left in
 * {@code target/screenshots}.
 */
class ExplorePageTest {
  private static final Path SCREENSHOTS = Path.of("target", "screenshots");

  private static final Duration LIMIT = Duration.ofSeconds(20);

  @TempDir static Path directory;

  private static TestExplorer explorer;
  private static ChromeDriver browser;

  private static Optional<Path> program(String name) {
    return Stream.of(System.getenv("PATH").split(File.pathSeparator))
        .map(path -> Path.of(path, name))
        .filter(Files::isExecutable)
        .findFirst();
  }

  @BeforeAll
  static void start() throws Exception {
    Optional<Path> chromium = program("chromium");
    Optional<Path> driver = program("chromedriver");
    assumeTrue(
        chromium.isPresent() && driver.isPresent(),
        "no chromium and chromedriver on the PATH: install the packages chromium and"
            + " chromium-driver");
    SampleOptions options =
        new SampleOptions(new SampleSize(2600, 2100, 1098), 2, 0, Architecture.named("micro"), 7);
    SampleArchive.write(directory.resolve("archive"), options, false, line -> {});
    Path naip = directory.resolve("archive").resolve(SampleArchive.NAIP);
    for (String key : SampleArchive.naipKeys(2)) {
      BandStatistics.write(naip, key, directory.resolve("vectors"));
    }
    explorer = new TestExplorer(directory.resolve("vectors"), naip, "127.0.0.1");
    browser = browser(chromium.get(), driver.get());
    Files.createDirectories(SCREENSHOTS);
  }

  private static ChromeDriver browser(Path chromium, Path driver) {
    ChromeOptions options = new ChromeOptions();
    options.setBinary(chromium.toFile());
    options.addArguments(
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
        "--user-data-dir=" + directory.resolve("profile"),
        // The page works without internet.
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1");
    options.setExperimentalOption(
        "prefs", Map.of("download.default_directory", downloads().toString()));
    LoggingPreferences log = new LoggingPreferences();
    log.enable(LogType.BROWSER, Level.ALL);
    options.setCapability("goog:loggingPrefs", log);
    ChromeDriverService service =
        new ChromeDriverService.Builder()
            .usingDriverExecutable(driver.toFile())
            .usingAnyFreePort()
            .withSilent(true)
            .build();
    return new ChromeDriver(service, options);
  }

  private static Path downloads() {
    return directory.resolve("downloads");
  }

  @AfterAll
  static void stop() {
    if (browser != null) {
      browser.quit();
    }
    if (explorer != null) {
      explorer.close();
    }
  }

  private static void resize(int width, int height) {
    browser.executeCdpCommand(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", width < 500));
  }

  @BeforeEach
  void open() {
    resize(1280, 800);
    browser.get(explorer.url());
    until("document.body.dataset.ready === 'true'");
    until("[...document.querySelectorAll('canvas')].some((tile) => tile.dataset.chips > 0)");
  }

  /** Waits until a condition in the page is true. */
  private static void until(String condition) {
    until(
        condition + "; log: " + browser.manage().logs().get(LogType.BROWSER).getAll(),
        () -> Boolean.TRUE.equals(browser.executeScript("return " + condition)));
  }

  private static void until(String what, BooleanSupplier condition) {
    long end = System.nanoTime() + LIMIT.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > end) {
        throw new AssertionError("not within " + LIMIT.toSeconds() + " s: " + what);
      }
      try {
        Thread.sleep(50);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  private static long count(String selector) {
    return browser.findElements(By.cssSelector(selector)).size();
  }

  private static void clickMap(int right, int down) {
    WebElement map = browser.findElement(By.id("map"));
    new Actions(browser).moveToElement(map, right, down).click().perform();
  }

  private static void search() {
    clickMap(30, 20);
    until("document.querySelectorAll('#gallery li').length === 24");
    until(
        "[...document.querySelectorAll('#gallery img')].slice(0, 6).every((i) => i.naturalWidth ==="
            + " 256)");
  }

  private static List<Double> similarities() {
    return browser.findElements(By.cssSelector("#gallery .caption span:first-child")).stream()
        .map(element -> Double.valueOf(element.getText()))
        .toList();
  }

  private static void screenshot(String name) throws IOException {
    Files.write(SCREENSHOTS.resolve(name), browser.getScreenshotAs(OutputType.BYTES));
  }

  private static void requireNoErrors() {
    assertThat(browser.manage().logs().get(LogType.BROWSER).getAll())
        .filteredOn(entry -> entry.getLevel().intValue() >= Level.WARNING.intValue())
        .extracting(LogEntry::getMessage)
        .isEmpty();
  }

  @Test
  void aClickShowsSimilarChipsOnTheMapAndAsPictures() throws IOException {
    assertThat(browser.findElement(By.id("summary")).getText())
        .isEqualTo("160 chips · naip · 2014-07-20 to 2020-08-31");
    // The chips are drawn in several colours.
    until(
        """
        (() => {
          const colors = new Set();
          for (const tile of document.querySelectorAll('canvas[data-chips]')) {
            const pixels = new Uint32Array(tile.getContext('2d').getImageData(0, 0, 256, 256).data.buffer);
            for (let i = 0; i < pixels.length; i += 97) colors.add(pixels[i]);
          }
          return colors.size > 20;
        })()\
        """);

    search();

    assertThat(similarities()).isSortedAccordingTo(Comparator.reverseOrder());
    assertThat(similarities().get(0)).isGreaterThan(0.9);
    assertThat(count("#examples li.positive")).isEqualTo(1);
    // Outlines of the results, the example and the selection, each with a casing.
    assertThat(count("#map path.leaflet-interactive, #map .leaflet-overlay-pane path"))
        .isEqualTo(2 * 26);
    until("document.querySelector('#selection-picture img').naturalWidth === 256");
    assertThat(browser.findElement(By.id("selection-details")).getText()).contains("Chip\nm_47");
    screenshot("explore-1280.png");
    requireNoErrors();
  }

  @Test
  void examplesAndFiltersChangeTheResult() {
    search();
    List<Double> before = similarities();

    browser.findElement(By.cssSelector("#gallery li:last-child .negative")).click();
    until("document.querySelectorAll('#examples li').length === 2");
    until("document.body.classList.contains('busy') === false");
    assertThat(count("#examples li.negative")).isEqualTo(1);
    assertThat(similarities()).isNotEqualTo(before);

    browser.executeScript(
        "const from = document.getElementById('from'); from.value = '2020-01-01';"
            + " from.dispatchEvent(new Event('change'))");
    until(
        "[...document.querySelectorAll('#gallery .caption span:last-child')].every((e) =>"
            + " e.textContent === '2020-08-31')");

    browser.findElement(By.cssSelector("#examples li.positive button")).click();
    until("document.getElementById('results').hidden");
    requireNoErrors();
  }

  @Test
  void exportsTheResultAsAFile() throws Exception {
    Files.createDirectories(downloads());
    search();

    browser.findElement(By.id("export")).click();

    Path file = downloads().resolve("chips.geojson");
    until("the file " + file, () -> Files.exists(file));
    JsonNode features = JsonMapper.shared().readTree(Files.readAllBytes(file)).path("features");
    assertThat(features).hasSize(24);
    assertThat(features.path(0).path("properties").path("similarity").asDouble())
        .isGreaterThan(0.9);
    requireNoErrors();
  }

  @Test
  void fitsANarrowScreen() throws IOException {
    resize(390, 844);
    browser.get(explorer.url());
    until("document.body.dataset.ready === 'true'");
    until("[...document.querySelectorAll('canvas')].some((tile) => tile.dataset.chips > 0)");
    assertThat(browser.executeScript("return document.documentElement.scrollWidth"))
        .isEqualTo(390L);
    clickMap(10, 10);
    until("document.querySelectorAll('#gallery li').length === 24");
    until("document.querySelector('#selection-picture img').naturalWidth === 256");
    screenshot("explore-390.png");
    browser.executeScript("document.getElementById('results').scrollIntoView()");
    until(
        "[...document.querySelectorAll('#gallery img')].slice(0, 6).every((i) => i.naturalWidth ==="
            + " 256)");
    screenshot("explore-390-results.png");
    assertThat(browser.executeScript("return document.documentElement.scrollWidth"))
        .isEqualTo(390L);
    requireNoErrors();
  }

  @Test
  void worksWithTheKeyboard() {
    browser.executeScript("document.getElementById('map').focus()");
    new Actions(browser).sendKeys(Keys.ENTER).perform();

    until("document.querySelectorAll('#gallery li').length === 24");
    until("document.querySelector('#gallery button.choose') !== null");
    browser.executeScript(
        "document.querySelector('#gallery li:nth-child(3) button.choose').focus()");
    new Actions(browser).sendKeys(Keys.ENTER).perform();
    until("document.getElementById('selection').hidden === false");
    requireNoErrors();
  }

  @Test
  void anAbortedSearchLeavesTheBusyMarkToTheNext() {
    search();
    browser.executeScript(
        "const real = window.fetch; window.pending = []; window.fetch = (url, options) => url !=="
            + " '/api/similar' ? real(url, options) : new Promise((resolve, reject) => {"
            + " options.signal.addEventListener('abort', () => reject(new DOMException('aborted',"
            + " 'AbortError'))); window.pending.push(() => resolve(real(url, options))); });");
    String change = "document.getElementById('count').dispatchEvent(new Event('change'));";
    browser.executeScript(change);
    browser.executeScript(change);
    until("window.pending.length === 2");
    // The first one has been rejected, and its handlers have run.
    browser.executeAsyncScript("setTimeout(arguments[0], 50)");

    assertThat(busy()).isTrue();
    browser.executeScript("window.pending[1]()");
    until("!document.body.classList.contains('busy')");
  }

  private static boolean busy() {
    return Boolean.TRUE.equals(
        browser.executeScript("return document.body.classList.contains('busy')"));
  }
}
