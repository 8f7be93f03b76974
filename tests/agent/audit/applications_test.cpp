// Recognising installed applications: files as the releases named here state their version, written for this test.
#include "agent/audit/php/application_rules.hpp"

#include <gtest/gtest.h>

#include <set>

namespace pinfold::agent::audit {
namespace {

struct Row {
  const char* path;  ///< below /srv/site
  const char* text;
  const char* app;
  const char* version;
};

/// What the marks together say, as the audit decides it: the mark of the lowest rank that names a version.
std::optional<Recognised> recognised(const std::string& path, std::string_view text, const std::string& app,
                                     const std::set<std::string>& beside = {}) {
  std::optional<Recognised> best;
  for (const Mark* mark : ApplicationRules::own().marks_for(path)) {
    const auto exists = [&](const std::string& below) { return beside.empty() || beside.count(below) != 0; };
    auto found = ApplicationRules::recognise(*mark, text, exists);
    if (found && mark->app == app && (!best || (best->version.empty() && !found->version.empty()))) {
      best = std::move(found);
    }
  }
  return best;
}

const std::vector<Row>& rows() {
  static const std::vector<Row> all{
      {"forum/includes/constants.php", "<?php\n@define('PHPBB_VERSION', '3.2.8');\n", "phpBB", "3.2.8"},
      {"forum/docs/CHANGELOG.html", "<title>phpBB 2 changelog</title> 1.i. Changes since 2.0.21 … Changes since 2.0.20", "phpBB", "2.0.22"},
      {"forum/install/schemas/mysql_basic.sql", "INSERT INTO phpbb_config (config_name, config_value) VALUES ('version','.0.19');", "phpBB",
       "2.0.19"},
      {"forum/install/schemas/postgres_basic.sql", "INSERT INTO phpbb_config (config_name, config_value) VALUES ('version', '.0.17');", "phpBB",
       "2.0.17"},
      {"forum/install/update_to_latest.php", "* begin: phpBB\n$updates_to_version = '.0.23';", "phpBB", "2.0.23"},
      {"forum/includes/constants.php", "/* copyright (C) 2001 The phpBB Group */ define('PAGE_VIEWONLINE', -4); define('PAGE_TOPIC_OFFSET', 5000);",
       "phpBB", "2.0"},
      {"vb/includes/class_core.php", "// vBulletin 3.8.4\ndefine('FILE_VERSION', '3.8.4'); // this should match install.php", "vBulletin", "3.8.4"},
      {"vb/core/includes/class_core.php", "define('FILE_VERSION', '5.1.4');", "vBulletin", "5.1.4"},
      {"vb/includes/init.php", "|| # vBulletin 3.0.7 - Licence Number 1234 # ||", "vBulletin", "3.0.7"},
      {"smf/index.php", "$forum_version = 'SMF 1.1.11';", "Simple Machines Forum", "1.1.11"},
      {"smf/index.php", "define('SMF_VERSION', '2.1.3');", "Simple Machines Forum", "2.1.3"},
      {"yabb/index.php", "$YaBBversion = 'YaBB SE 1.5.5';", "YaBB SE", "1.5.5"},
      {"mybb/inc/class_core.php", "/** MyBB 1.8 */ public $version = \"1.8.21\";", "MyBB", "1.8.21"},
      {"mybb/inc/class_core.php", "* MyBB 1.2 */ var $version = \"1.2.14\";", "MyBB", "1.2.14"},
      {"mybb/inc/init.php", "$mybboard['internalver'] = \"1.1.8\";\n$mybboard['vername'] = \"MyBB 1.1.8\";", "MyBB", "1.1.8"},
      {"flux/include/common.php", "define('FORUM_VERSION', '1.5.8');\ndefine('FORUM_DB_REVISION', 21);", "FluxBB", "1.5.8"},
      {"pun/install.php", "// The PunBB version this script installs\n$punbb_version = '1.2.17';", "PunBB", "1.2.17"},
      {"pun/cache/cache_config.php",
       "define('PUN_CONFIG_LOADED', 1);\n\n$pun_config = array (\n  'o_cur_version' => '1.2.20',\n  'o_board_title' => 'x',", "PunBB", "1.2.20"},
      {"flux/cache/cache_config.php",
       "define('PUN_CONFIG_LOADED', 1);\n\n$pun_config = array (\n  'o_cur_version' => '1.5.4',\n  'o_database_revision' => '18',\n  "
       "'o_searchindex_revision' "
       "=> '2',",
       "FluxBB", "1.5.4"},
      {"pun/include/essentials.php", "define('FORUM_VERSION', '1.4.2');", "PunBB", "1.4.2"},
      {"ipb/sources/ipsclass.php", "/* Invision */ var $version = 'v2.3.4';", "Invision Power Board", "2.3.4"},
      {"ipb/admin/sources/base/ipsRegistry.php", "define( 'IPB_VERSION', '3.1.4' ); define( 'IPB_LONG_VERSION', '31013' );", "Invision Power Board",
       "3.1.4"},
      {"ips/applications/core/data/versions.json", "{\"10001\":\"4.0.0 Beta 1\",\"101021\":\"4.1.16\",\"104002\":\"4.4.2\"}", "Invision Power Board",
       "4.4.2"},
      {"xf/library/XenForo/Application.php", "public static $version = '1.5.13';", "XenForo", "1.5.13"},
      {"xf/src/XF.php", "public static $version = '2.1.3';", "XenForo", "2.1.3"},
      {"phorum/common.php", "define( \"PHORUM\", \"5.2.15a\" );", "Phorum", "5.2.15a"},
      {"usebb/sources/common.php", "define('USEBB_VERSION', '1.0.12');", "UseBB", "1.0.12"},
      {"vanilla/environment.php", "// Vanilla\nif (!defined('APPLICATION_VERSION')) { define('APPLICATION_VERSION', '2.6.4');}", "Vanilla", "2.6.4"},
      {"wbb/wcf/lib/system/WCF.class.php", "define('WCF_VERSION', '2.0.3 (Maelstrom)');", "WoltLab Burning Board", "2.0.3"},
      {"xmb/header.php", "$versiongeneral = 'XMB 1.9.8 SP2';", "XMB", "1.9.8"},
      {"dz/source/discuz_version.php", "define('DISCUZ_VERSION', 'X3.1');", "Discuz!", "X3.1"},
      {"wp/wp-includes/version.php", "<?php\n$wp_version = '4.7.1';\n$wp_db_version = 38590;", "WordPress", "4.7.1"},
      {"wp/wp-includes/version.php", "$wp_version = '6.5-RC2';", "WordPress", "6.5-RC2"},
      {"cp/wp-includes/version.php", "$cp_version = '1.1.2';\n$wp_version = '4.9.15';", "ClassicPress", "1.1.2"},
      {"b2/conf/_application.php", "$app_version = '4.1.3';", "b2evolution", "4.1.3"},
      {"s9y/serendipity_config.inc.php", "$serendipity['version']         = '1.5.3';", "Serendipity", "1.5.3"},
      {"n/nucleus/libs/globalfunctions.php", "$nucleus['version'] = 'v3.40';", "Nucleus CMS", "3.40"},
      {"t/textpattern/index.php", "$thisversion = '4.5.4';", "Textpattern", "4.5.4"},
      {"dc/inc/prepend.php", "# Dotclear\ndefine('DC_VERSION','2.6.1');", "Dotclear", "2.6.1"},
      {"sphpb/scripts/sb_functions.php", "$sb_info[ 'version' ] = '0.5.0';", "Simple PHP Blog", "0.5.0"},
      {"lt/version.php", "$version = \"lifetype-1.2.10\";", "LifeType", "1.2.10"},
      {"joomla/includes/version.php", "var $PRODUCT = 'Joomla!';\nvar $RELEASE = '1.0';\nvar $DEV_STATUS = 'Stable';\nvar $DEV_LEVEL = '13';",
       "Joomla", "1.0.13"},
      {"joomla/libraries/joomla/version.php", "var $PRODUCT = 'Joomla!'; var $RELEASE = '1.5'; var $DEV_LEVEL = '26';", "Joomla", "1.5.26"},
      {"joomla/libraries/cms/version/version.php", "public $RELEASE = '2.5';\npublic $DEV_LEVEL = '8';", "Joomla", "2.5.8"},
      {"joomla/libraries/src/Version.php", "const RELEASE = '3.9';\nconst DEV_LEVEL = '12';", "Joomla", "3.9.12"},
      {"joomla/libraries/src/Version.php", "const MAJOR_VERSION = 4;\nconst MINOR_VERSION = 2;\nconst PATCH_VERSION = 7;", "Joomla", "4.2.7"},
      {"joomla/administrator/manifests/files/joomla.xml",
       "<name>FILES_JOOMLA</name><version>3.4.5</version><description>FILES_JOOMLA_XML_DESCRIPTION</description>", "Joomla", "3.4.5"},
      {"mambo/includes/version.php", "/* @package Mambo */ var $PRODUCT = 'Mambo'; var $RELEASE = '4.5'; var $DEV_LEVEL = '2.3';", "Mambo",
       "4.5.2.3"},
      {"d/modules/system/system.module", "define('VERSION', '5.7');", "Drupal", "5.7"},
      {"d/modules/system.module", "define('VERSION', '4.7.11');", "Drupal", "4.7.11"},
      {"d/includes/bootstrap.inc", "define('VERSION', '7.31');", "Drupal", "7.31"},
      {"d/core/lib/Drupal.php", "  const VERSION = '8.5.0';", "Drupal", "8.5.0"},
      {"d/CHANGELOG.txt", "\nDrupal 4.6.11, 2007-01-05\n------\n", "Drupal", "4.6.11"},
      {"bd/core/includes/bootstrap.inc", "define('BACKDROP_VERSION', '1.12.0');", "Backdrop CMS", "1.12.0"},
      {"t3/t3lib/config_default.php", "$TYPO_VERSION = '4.2.1';", "TYPO3", "4.2.1"},
      {"t3/typo3/sysext/core/Classes/Core/SystemEnvironmentBuilder.php", "define('TYPO3_version', '6.2.3');", "TYPO3", "6.2.3"},
      {"t3/typo3/sysext/core/Classes/Information/Typo3Version.php", "protected const VERSION = '11.5.3';", "TYPO3", "11.5.3"},
      {"nuke/admin/modules/version.php", "// PHP-Nuke $version_number\n$version_number = \"7.6\";", "PHP-Nuke", "7.6"},
      {"pn/includes/pnAPI.php", "define('_PN_VERSION_NUM', \"0.7.2.6-Phoenix\");", "PostNuke", "0.7.2.6"},
      {"x/include/version.php", "define(\"XOOPS_VERSION\",\"XOOPS 2.0.16\");", "XOOPS", "2.0.16"},
      {"ic/include/version.php", "define(\"ICMS_VERSION_NAME\",'ImpressCMS 1.0.1 \"Janus\" Final');", "ImpressCMS", "1.0.1"},
      {"e/e107_admin/ver.php", "$e107info['e107_version'] = \"0.7.8\";", "e107", "0.7.8"},
      {"s/ecrire/inc_version.php", "$spip_version_branche = \"3.1.1\";", "SPIP", "3.1.1"},
      {"cms/version.php", "$CMS_VERSION = \"1.11.9\";", "CMS Made Simple", "1.11.9"},
      {"modx/core/docs/version.inc.php", "$v['version']= '2'; // Current version.\n$v['major_version']= '2';\n$v['minor_version']= '8';", "MODX",
       "2.2.8"},
      {"co/system/config/constants.php", "/** Contao */ define('VERSION', '3.5');\ndefine('BUILD', '31');", "Contao", "3.5.31"},
      {"rex/redaxo/src/core/boot.php", "rex::setProperty('version', '5.2.0');", "Redaxo", "5.2.0"},
      {"wb/admin/interface/version.php", "// WebsiteBaker\nif(!defined('VERSION')) define('VERSION', '2.8.3');", "WebsiteBaker", "2.8.3"},
      {"c5/concrete/config/version.php", "$APP_VERSION = '5.6.2.1';", "Concrete CMS", "5.6.2.1"},
      {"pw/wire/core/ProcessWire.php", "const versionMajor = 3; const versionMinor = 0; const versionRevision = 123;", "ProcessWire", "3.0.123"},
      {"gs/admin/inc/configuration.php", "$site_version_no = '3.3.13';", "GetSimple CMS", "3.3.13"},
      {"grav/system/defines.php", "define('GRAV_VERSION', '1.7.10');", "Grav", "1.7.10"},
      {"elgg/version.php", "// Elgg\n$release  = '1.8.19';", "Elgg", "1.8.19"},
      {"g/Version.php", "$gallery->version = '1.5.7';", "Gallery", "1.5.7"},
      {"g/modules/core/module.inc", "$this->setGalleryVersion('2.2.4');", "Gallery", "2.2.4"},
      {"g/modules/gallery/helpers/gallery.php", "const VERSION = \"3.0.4\";", "Gallery", "3.0.4"},
      {"cpg/include/init.inc.php", "define('COPPERMINE_VERSION', '1.4.10');", "Coppermine", "1.4.10"},
      {"4i/includes/constants.php", "define('SCRIPT_VERSION', '1.7.6');", "4images", "1.7.6"},
      {"pi/include/constants.php", "define('PHPWG_VERSION', '2.6.0');", "Piwigo", "2.6.0"},
      {"zp/zp-core/version.php", "define('ZENPHOTO_VERSION', '1.4.4');", "Zenphoto", "1.4.4"},
      {"cal/includes/config.php", "$PROGRAM_VERSION = 'v1.2.0';", "WebCalendar", "1.2.0"},
      {"ext/config.inc.php", "<?php \n/*\nExtCalendar v2\nCopyright (c) 2003-2005", "ExtCalendar", "2"},
      {"cx/cal_config.inc.php", "$version = \"0.8.20080808\";", "Calendarix", "0.8.20080808"},
      {"bk/lib/Config/Configuration.php", "/* Booked */ const VERSION = '2.5.3';", "Booked Scheduler", "2.5.3"},
      {"mrbs/version.inc", "function get_mrbs_version() { return \"MRBS 1.4.10\"; }", "MRBS", "1.4.10"},
      {"os/includes/application_top.php", "define('PROJECT_VERSION', 'osCommerce 2.2-MS2');", "osCommerce", "2.2-MS2"},
      {"os/includes/version.php", "2.3.1\n", "osCommerce", "2.3.1"},
      {"zc/includes/version.php",
       "define('PROJECT_VERSION_NAME', 'Zen Cart'); define('PROJECT_VERSION_MAJOR','1');\ndefine('PROJECT_VERSION_MINOR','3.8');", "Zen Cart",
       "1.3.8"},
      {"pfa/functions.inc.php", " * Postfix Admin\n * File: functions.inc.php\n */\n$version = '2.3.7';", "Postfix Admin", "2.3.7"},
      {"pfa/functions.inc.php", "// Postfix Admin\n$version = \"2.1.0\";", "Postfix Admin", "2.1.0"},
      {"pfa/CHANGELOG.TXT", "# Postfix Admin\n#\n\nMASTER\n------\n\nVersion 3.3.5 - 2021/01/27\n-----\nVersion 3.3.4 - 2021/01/19\n",
       "Postfix Admin", "3.3.5"},
      {"ps/config/settings.inc.php", "define('_PS_VERSION_', '1.6.0.9');", "PrestaShop", "1.6.0.9"},
      {"ps/src/Core/Version.php", "namespace PrestaShop\\PrestaShop\\Core; public const VERSION = '8.1.2';", "PrestaShop", "8.1.2"},
      {"m/app/Mage.php", "'major' => '1', 'minor' => '7', 'revision' => '0', 'patch' => '2',", "Magento", "1.7.0.2"},
      {"m/app/Mage.php", "public static function getVersion()\n    {\n        return '1.3.2.4';", "Magento", "1.3.2.4"},
      {"m/composer.json", "{\"name\": \"magento/project-community-edition\", \"version\": \"2.4.3-p1\"}", "Magento", "2.4.3-p1"},
      {"oc/index.php", "<?php\n// Version\ndefine('VERSION', '1.5.5.1');", "OpenCart", "1.5.5.1"},
      {"cc/ini.inc.php", "define('CC_VERSION', '5.1.2');", "CubeCart", "5.1.2"},
      {"cc/includes/ini.inc.php", "$ini['ver'] \t\t= \t'4.0.2';", "CubeCart", "4.0.2"},
      {"mw/includes/DefaultSettings.php", "$wgVersion = '1.19.1';", "MediaWiki", "1.19.1"},
      {"mw/includes/Defines.php", "define( 'MW_VERSION', '1.35.2' );", "MediaWiki", "1.35.2"},
      {"dw/VERSION", "2014-09-29a \"Hrun\"\n", "DokuWiki", "2014-09-29a"},
      {"pm/scripts/version.php", "$Version=\"pmwiki-2.2.35\";", "PmWiki", "2.2.35"},
      {"pw/lib/prepend.php", "define ('PHPWIKI_VERSION', '1.3.14');", "PhpWiki", "1.3.14"},
      {"tiki/lib/setup/twversion.class.php", "$this->version = '6.1';", "Tiki", "6.1"},
      {"tiki/README", "Tiki! The wiki with a lot of features!\nVersion 1.9.7\n", "Tiki", "1.9.7"},
      {"mo/version.php", "// MOODLE VERSION INFORMATION\n$release  = '2.7.1+ (Build: 20140815)';", "Moodle", "2.7.1+"},
      {"il/include/inc.ilias_version.php", "define(\"ILIAS_VERSION\", \"4.1.7 2011-06-24\");", "ILIAS", "4.1.7"},
      {"rc/program/include/iniset.php", "define('RCMAIL_VERSION', '1.0.2');", "Roundcube", "1.0.2"},
      {"rc/index.php", "define('RCMAIL_VERSION', '0.2-stable');", "Roundcube", "0.2-stable"},
      {"sm/functions/strings.php", "/** SquirrelMail version number */\n$version = '1.4.15';", "SquirrelMail", "1.4.15"},
      {"horde/lib/version.php", "<?php define('HORDE_VERSION', '3.1.3') ?>", "Horde", "3.1.3"},
      {"horde/lib/Application.php", "class Horde_Application extends Horde_Registry_Application { public $version = '5.2.1';", "Horde", "5.2.1"},
      {"horde/imp/lib/version.php", "define('IMP_VERSION', 'H3 (4.1.3)')", "Horde IMP", "4.1.3"},
      {"oc/version.php", "$OC_Version = array(10,3,0,4);\n$OC_VersionString = '10.3.0';", "ownCloud", "10.3.0"},
      {"nc/version.php", "$OC_VersionString = '17.0.1';\n$vendor = 'nextcloud';", "Nextcloud", "17.0.1"},
      {"vt/vtigerversion.php", "$vtiger_current_version = '5.2.0';", "vtiger CRM", "5.2.0"},
      {"sg/sugar_version.php", "$sugar_version      = '6.5.2';", "SugarCRM", "6.5.2"},
      {"dol/htdocs/filefunc.inc.php", "define('DOL_VERSION','3.5.2');", "Dolibarr", "3.5.2"},
      {"dp/includes/version.php", "$dp_version_major = 2;\n$dp_version_minor = 1;\n$dp_version_patch = 5;", "dotProject", "2.1.5"},
      {"pma/libraries/Config.class.php", "$this->set('PMA_VERSION', '2.11.3');", "phpMyAdmin", "2.11.3"},
      {"pma/libraries/defines.lib.php", "define('PMA_VERSION', '2.2.6');", "phpMyAdmin", "2.2.6"},
      {"pma/libraries/classes/Version.php", "namespace PhpMyAdmin; public const VERSION = '5.1.1' . VERSION_SUFFIX;", "phpMyAdmin", "5.1.1"},
      {"ppa/libraries/lib.inc.php", "$appVersion = '4.1.3';", "phpPgAdmin", "4.1.3"},
      {"pla/VERSION", "$Id$\nRELEASE-1.1.0.5\n", "phpLDAPadmin", "1.1.0.5"},
      {"tools/adminer-4.2.5.php", "<?php\n/** Adminer - Compact database management\n* @version 4.2.5\n*/", "Adminer", "4.2.5"},
      {"stats/core/Version.php", "@link http://piwik.org final class Piwik_Version { const VERSION = '1.0'; }", "Matomo", "1.0"},
      {"cgi-bin/awstats.pl", "$REVISION = '1.1';\n$VERSION  = \"6.95 (build $REVISION)\";", "AWStats", "6.95"},
      {"cacti/include/global.php", "$config[\"cacti_version\"] = \"0.8.7g\";", "Cacti", "0.8.7g"},
      {"cacti/include/cacti_version", "1.2.2\n", "Cacti", "1.2.2"},
      {"z/include/defines.inc.php", "define('ZABBIX_VERSION', '3.0.4');", "Zabbix", "3.0.4"},
      {"glpi/inc/define.php", "define('GLPI_VERSION', '9.5.2');", "GLPI", "9.5.2"},
      {"bt/core/constant_inc.php", "define( 'MANTIS_VERSION', '1.2.5' );", "MantisBT", "1.2.5"},
      {"ot/main.inc.php", "define('THIS_VERSION','1.6 ST');", "osTicket", "1.6 ST"},
      {"lists/admin/connect.php", "# phplist\ndefine(\"VERSION\",\"2.10.5\");", "phpList", "2.10.5"},
      {"ls/application/config/version.php", "$config['versionnumber'] = '2.06';", "LimeSurvey", "2.06"},
      {"wt/includes/session.php", "define('WT_VERSION', '1.2.3');", "webtrees", "1.2.3"},
      {"sh/shaarli_version.php", "<?php /* 0.9.7 */ ?>", "Shaarli", "0.9.7"},
      {"fr/constants.php", "define('FRESHRSS_VERSION', '1.5.0');", "FreshRSS", "1.5.0"},
      {"yo/includes/version.php", "define( 'YOURLS_VERSION', '1.7.2' );", "YOURLS", "1.7.2"},
      {"lib/class.phpmailer.php", "public $Version = '5.2.9';", "PHPMailer", "5.2.9"},
      {"theme/scripts/timthumb.php", "// TimThumb\ndefine ('VERSION', '1.28');", "TimThumb", "1.28"},
      {"libs/Smarty.class.php", "const SMARTY_VERSION = 'Smarty-3.1.13';", "Smarty", "3.1.13"},
      {"vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php", "<?php eval('?>' . file_get_contents('php://input'));", "PHPUnit eval-stdin", "4.8"},
      {"app/vendor/laravel/framework/src/Illuminate/Foundation/Application.php", "const VERSION = '5.8.1';", "Laravel", "5.8.1"},
      {"ci/system/core/CodeIgniter.php", "define('CI_VERSION', '2.1.0');", "CodeIgniter", "2.1.0"},
      {"wp/wp-content/plugins/revslider/revslider.php", "$revSliderVersion = \"4.1.4\";", "Slider Revolution", "4.1.4"},
      {"wp/wp-content/plugins/woocommerce/woocommerce.php", "/**\n * Plugin Name: WooCommerce\n * Version: 3.4.5\n */", "WooCommerce", "3.4.5"},
  };
  return all;
}

TEST(ApplicationRules, NameMoreThanSeventyFiveApplicationsWithTheirVersions) {
  std::set<std::string> named;
  for (const Row& row : rows()) {
    const std::string path = std::string("/srv/site/") + row.path;
    const auto found = recognised(path, row.text, row.app);
    ASSERT_TRUE(found) << row.app << " in " << row.path;
    EXPECT_EQ(found->version, row.version) << row.app << " in " << row.path;
    named.insert(row.app);
  }
  EXPECT_GE(named.size(), 75U);
  EXPECT_GE(ApplicationRules::own().applications(), named.size());
}

TEST(ApplicationRules, TakeALookalikeForNothing) {
  for (const Row& row : std::vector<Row>{
           {"x/version.php", "<?php $version = '1.0';", "Moodle", ""},
           {"x/index.php", "<?php echo 'hello';", "Simple Machines Forum", ""},
           {"x/wp-includes/version.php", "<?php // nothing", "WordPress", ""},
           {"x/composer.json", "{\"name\":\"acme/shop\",\"version\":\"1.0.0\"}", "Magento", ""},
           {"x/thumb.php", "<?php define('VERSION','1');", "TimThumb", ""},
       }) {
    EXPECT_FALSE(recognised(std::string("/srv/") + row.path, row.text, row.app)) << row.app;
  }
}

TEST(ApplicationRules, AskWhetherWhatBelongsThereIsThere) {
  EXPECT_FALSE(recognised("/srv/x/VERSION", "2014-09-29a", "DokuWiki", {"README"}));
  EXPECT_TRUE(recognised("/srv/x/VERSION", "2014-09-29a", "DokuWiki", {"doku.php"}));
  EXPECT_FALSE(recognised("/srv/x/index.php", "define('VERSION', '1.5');", "OpenCart", {"config.php"}));
}

TEST(ApplicationRules, AMarkEndsAtAFoldersBoundary) {
  const auto& rules = ApplicationRules::own();
  EXPECT_TRUE(rules.marks_for("/srv/my-wp-includes/version.php").empty() ||
              rules.marks_for("/srv/my-wp-includes/version.php").front()->app != "WordPress");
  const auto marks = rules.marks_for("/srv/blog/wp-includes/version.php");
  ASSERT_FALSE(marks.empty());
  for (const Mark* mark : marks) {
    if (mark->path == "wp-includes/version.php") {
      EXPECT_EQ(ApplicationRules::home_of(*mark, "/srv/blog/wp-includes/version.php"), "/srv/blog");
    }
  }
  EXPECT_TRUE(rules.marks_for("/srv/blog/readme.html").empty());
}

TEST(ApplicationRules, NameTheLineThatIsWrong) {
  const auto error = [](std::string_view text) { return ApplicationRules::parse(text).error(); };
  EXPECT_EQ(error("app X\nmark a.php\nfind (\n").substr(0, 7), "line 3:");
  EXPECT_EQ(error("find x\n"), "line 1: before the first mark");
  EXPECT_EQ(error("app X\nmark a.php\nwhat x\n"), "line 3: unknown word what");
  EXPECT_EQ(error("app X\nmark a.php\n"), "X: the mark a.php finds nothing");
}

TEST(ApplicationRules, HostileTextIsOnlyText) {
  const std::string nulls(100'000, '\0');
  const std::string many(kMaxMarkBytes + 10, '\'');
  for (const auto& mark : ApplicationRules::own().marks()) {
    static_cast<void>(ApplicationRules::recognise(*mark, nulls, [](const std::string&) { return true; }));
    static_cast<void>(ApplicationRules::recognise(*mark, many, [](const std::string&) { return true; }));
  }
  const auto found = recognised("/srv/wp-includes/version.php", "$wp_version = '1" + std::string(5000, '9') + "';", "WordPress");
  EXPECT_TRUE(!found || found->version.size() <= kMaxVersion);
}

}  // namespace
}  // namespace pinfold::agent::audit
